import type { ProblemTable } from '@palaver/http';

/** Codes of this domain over HTTP. */
export const messagesProblems = {
  channel_not_found: { status: 404, title: 'There is no such channel' },
  server_not_found: { status: 404, title: 'There is no such server' },
  profile_not_found: { status: 404, title: 'There is no such profile' },
  message_not_found: { status: 404, title: 'There is no such message' },
  reply_not_found: { status: 409, title: 'The message that it answers is not there' },
  not_a_text_channel: { status: 409, title: 'The channel carries no text' },
  missing_permission: { status: 403, title: 'A permission is missing' },
  not_the_author: { status: 403, title: 'The message is by somebody else' },
  timed_out: { status: 403, title: 'You are timed out' },
  blocked: { status: 403, title: 'One has blocked the other' },
  own_profile: { status: 409, title: 'It is your own profile' },
  not_a_group: { status: 409, title: 'The channel is no group' },
  too_many_participants: { status: 409, title: 'The group has as many participants as it may have' },
  seq_not_reached: { status: 409, title: 'The channel has not got that far' },
  slow_mode: { status: 429, title: 'The channel is slow' },
  too_many_emoji: { status: 409, title: 'The message has as many emoji as it may have' },
  too_many_pins: { status: 409, title: 'The channel has as many pinned messages as it may have' },
  search_too_long: { status: 422, title: 'The search took too long' },
  file_not_attachable: { status: 409, title: 'A file cannot hang on the message' },
  file_attached: { status: 409, title: 'A file hangs on another message' },
  message_exists: { status: 409, title: 'The message exists already' },
} as const satisfies ProblemTable;
