import type { ProblemTable } from '@palaver/http';

/** Codes of this domain over HTTP. */
export const filesProblems = {
  server_not_found: { status: 404, title: 'There is no such server' },
  channel_not_found: { status: 404, title: 'There is no such channel' },
  file_not_found: { status: 404, title: 'There is no such file' },
  upload_not_found: { status: 404, title: 'There is no such upload' },
  part_not_found: { status: 404, title: 'The upload has no such part' },
  missing_permission: { status: 403, title: 'A permission is missing' },
  timed_out: { status: 403, title: 'You are timed out' },
  blocked: { status: 403, title: 'One has blocked the other' },
  quota_exceeded: { status: 403, title: 'Your files would take more than they may' },
  upload_over: { status: 409, title: 'The upload is over' },
  upload_incomplete: { status: 409, title: 'Not all of the file is there' },
  file_exists: { status: 409, title: 'The file exists already' },
  too_many_uploads: { status: 429, title: 'Too many uploads at once' },
  file_too_large: { status: 413, title: 'The file is too large' },
  file_empty: { status: 422, title: 'The file is empty' },
  file_type_mismatch: { status: 422, title: 'The file is not what it says it is' },
  not_a_picture: { status: 422, title: 'A picture is of another type' },
  file_checksum_mismatch: { status: 422, title: 'The file does not have the checksum that was announced' },
  range_not_satisfiable: { status: 416, title: 'The file has no such range' },
  store_unavailable: { status: 503, title: 'The object store is not available' },
} as const satisfies ProblemTable;
