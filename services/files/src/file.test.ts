import type { NewEvent } from '@palaver/decider';
import { given } from '@palaver/decider/given';
import type { FilesCommand, FilesEvent } from '@palaver/schemas';
import { describe, expect, test } from 'vitest';
import { filesDecider } from './decider.ts';

const ownerId = 'ada';
const of = (fileId: string) => ({ fileId, ownerId });
const asked = {
  channelId: 'talk',
  purpose: 'AVATAR' as const,
  name: 'cat.png',
  type: 'image/png',
  size: 100,
  sha256: null,
  multipartId: null,
  expiresAt: 1,
};
const request = (fileId: string, quotaBytes = 1_000, size = 100): FilesCommand => ({
  type: 'RequestUpload',
  data: { ...of(fileId), ...asked, size, quotaBytes },
});
const store = (fileId: string, size = 60, objectKey = 'first'): FilesCommand => ({
  type: 'StoreFile',
  data: { ...of(fileId), size, sha256: 'abc', width: 3, height: 2, objectKey },
});
const reject = (fileId: string): FilesCommand => ({
  type: 'RejectUpload',
  data: { ...of(fileId), reason: 'TYPE_MISMATCH' },
});
const remove = (fileId: string): FilesCommand => ({ type: 'DeleteFile', data: of(fileId) });

/** What these commands have led to. */
const after = (...commands: FilesCommand[]): readonly NewEvent<FilesEvent>[] => {
  const events: NewEvent<FilesEvent>[] = [];
  for (const command of commands) {
    const decision = given(filesDecider, events).when(command);
    if (decision.kind === 'refused') throw new Error(decision.code);
    events.push(...decision.events);
  }
  return events;
};
const when = (before: readonly NewEvent<FilesEvent>[], command: FilesCommand) =>
  given(filesDecider, before).when(command);
const used = (usedBytes: number) => ({
  stream: 'quota:ada',
  event: { type: 'QuotaChanged', data: { ownerId, usedBytes } },
});
const inFile = (fileId: string, type: string, data: object) => ({
  stream: `file:ada:${fileId}`,
  event: { type, data: { ...of(fileId), ...data } },
});
const nothing = { kind: 'accepted', events: [], result: null };
const refused = (code: string) => ({ kind: 'refused', code });

describe('RequestUpload', () => {
  test('takes the announced size from the quota', () => {
    expect(when([], request('f1'))).toEqual({
      kind: 'accepted',
      events: [inFile('f1', 'FileUploadRequested', asked), used(100)],
      result: null,
    });
    expect(when(after(request('f1'), store('f1')), request('f2'))).toMatchObject({ events: [{}, used(160)] });
  });
  test('is refused beyond the quota, with what is under way', () => {
    expect(when(after(request('f1')), request('f2', 200))).toMatchObject({ kind: 'accepted' });
    expect(when(after(request('f1')), request('f2', 199))).toMatchObject(refused('quota_exceeded'));
    expect(when(after(request('f1')), request('f1'))).toMatchObject(refused('file_exists'));
  });
});

describe('StoreFile', () => {
  test('keeps the file as it is, and takes its true size', () => {
    const { size: _, sha256: __, multipartId: ___, expiresAt: ____, ...said } = asked;
    expect(when(after(request('f1')), store('f1'))).toEqual({
      kind: 'accepted',
      events: [
        inFile('f1', 'FileStored', { ...said, size: 60, sha256: 'abc', width: 3, height: 2, objectKey: 'first' }),
        used(60),
      ],
      result: { objectKey: 'first' },
    });
  });
  test('keeps the bytes of who was first', () => {
    const decision = when(after(request('f1'), store('f1')), store('f1', 60, 'second'));
    expect(decision).toEqual({ kind: 'accepted', events: [], result: { objectKey: 'first' } });
  });
  test('is refused once it was given up, and where nothing was begun', () => {
    expect(when([], store('f1'))).toMatchObject(refused('file_not_found'));
    expect(when(after(request('f1'), reject('f1')), store('f1'))).toMatchObject(refused('upload_over'));
    expect(when(after(request('f1'), remove('f1')), store('f1'))).toMatchObject(refused('upload_over'));
  });
});

describe('AddThumbnail', () => {
  const add = (objectKey: string): FilesCommand => ({
    type: 'AddThumbnail',
    data: { ...of('f1'), width: 3, height: 2, objectKey },
  });
  test('is for a file that is kept, once', () => {
    const kept = after(request('f1'), store('f1'));
    const added = inFile('f1', 'ThumbnailAdded', { width: 3, height: 2, objectKey: 'small' });
    expect(when(kept, add('small'))).toEqual({ kind: 'accepted', events: [added], result: { objectKey: 'small' } });
    const twice = when(after(request('f1'), store('f1'), add('small')), add('other'));
    expect(twice).toEqual({ kind: 'accepted', events: [], result: { objectKey: 'small' } });
    expect(when(after(request('f1')), add('small'))).toMatchObject(refused('file_not_found'));
    expect(when(after(request('f1'), store('f1'), remove('f1')), add('small'))).toMatchObject(
      refused('file_not_found'),
    );
  });
});

describe('RejectUpload', () => {
  test('gives the quota back, once', () => {
    const rejected = inFile('f1', 'FileRejected', { reason: 'TYPE_MISMATCH' });
    expect(when(after(request('f1')), reject('f1'))).toMatchObject({ events: [rejected, used(0)] });
    expect(when(after(request('f1'), reject('f1')), reject('f1'))).toEqual(nothing);
  });
  test('is refused when the file is kept', () => {
    expect(when(after(request('f1'), store('f1')), reject('f1'))).toMatchObject(refused('upload_over'));
    expect(when([], reject('f1'))).toMatchObject(refused('file_not_found'));
  });
});

describe('DeleteFile', () => {
  test('gives the quota back, once', () => {
    const deleted = inFile('f1', 'FileDeleted', {});
    expect(when(after(request('f1'), store('f1')), remove('f1'))).toMatchObject({ events: [deleted, used(0)] });
    expect(when(after(request('f1')), remove('f1'))).toMatchObject({ events: [deleted, used(0)] });
    expect(when(after(request('f1'), store('f1'), remove('f1')), remove('f1'))).toEqual(nothing);
    expect(when(after(request('f1'), reject('f1')), remove('f1'))).toEqual(nothing);
    expect(when([], remove('f1'))).toMatchObject(refused('file_not_found'));
  });
});
