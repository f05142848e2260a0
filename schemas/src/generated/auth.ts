// Generated from schemas/auth by `pnpm generate`; not to be edited.

/** What becomes of the messages of an account that is deleted: they stay with no author, or they go. */
export type MessagesLeft = 'ANONYMIZE' | 'DELETE';

/** Why a session ended: its profile signed out of it, or ended it from elsewhere; a spent refresh token came again; the password changed; the account is gone; nobody refreshed it in time; newer sessions took its place. */
export type SessionEndReason = 'SIGNED_OUT' | 'REVOKED' | 'REUSED' | 'PASSWORD_CHANGED' | 'ACCOUNT_DELETED' | 'EXPIRED' | 'DISPLACED';

/** Give a profile the address that was confirmed for it; follows from EmailConfirmed. */
export type ChangeEmail = {
  /** HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address. */
  readonly emailHash: string;
  /** The profile. */
  readonly profileId: string;
  /** The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes). */
  readonly emailSealed: Buffer;
  /** Which password was proven, by the SHA-256 (base64url) of what it lies sealed in: one that was changed since changes no address. */
  readonly passwordId: string;
};

/** Give a profile another password, and end its sessions. */
export type ChangePassword = {
  /** The profile. */
  readonly profileId: string;
  /** Names the password that it has, which the edge has checked or mailed a token for: SHA-256, base64url. */
  readonly passwordId: string;
  /** Hash of the address that a token was mailed to, which must still be its own; null when the password was proven. */
  readonly emailHash: string | null;
  /** The argon2id hash in PHC form, AES-256-GCM under the auth service's key: nonce (12 bytes), ciphertext, tag (16 bytes). */
  readonly passwordSealed: Buffer;
  /** The session that goes on; null: none. */
  readonly except: string | null;
};

/** Change what everybody sees of a profile. */
export type ChangeProfile = {
  /** The profile. */
  readonly profileId: string;
  /** 1-32 characters. Null: as it is. */
  readonly name: string | null;
  /** https, at most 2,048 characters. Null: as it is; empty: none. */
  readonly avatarUrl: string | null;
  /** Id of a file in the place of an address; that it is a picture of who asks was resolved by the edge. Null: as it is; empty: none. */
  readonly avatarFileId: string | null;
  /** Version that the sender has seen; another one refuses the change. Null: any. */
  readonly expectedVersion: number | null;
};

/** Reserve an address for a profile that is to be created. */
export type ClaimEmail = {
  /** HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address. */
  readonly emailHash: string;
  /** The profile that the address is claimed for. */
  readonly profileId: string;
  /** Display name, 1-32 characters. */
  readonly name: string;
  /** The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes). */
  readonly emailSealed: Buffer;
  /** The argon2id hash in PHC form, AES-256-GCM under the auth service's key, laid out like emailSealed. */
  readonly passwordSealed: Buffer;
};

/** Make a reservation firm: who has the address has shown the token that was mailed to it. */
export type ConfirmEmail = {
  /** HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address. */
  readonly emailHash: string;
  /** The profile that it is reserved for. */
  readonly profileId: string;
};

/** Create the profile whose address has been claimed; given by the sign-up process manager. */
export type CreateProfile = {
  /** HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address. */
  readonly emailHash: string;
  /** The profile that the address is claimed for. */
  readonly profileId: string;
  /** Display name, 1-32 characters. */
  readonly name: string;
  /** The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes). */
  readonly emailSealed: Buffer;
  /** The argon2id hash in PHC form, AES-256-GCM under the auth service's key, laid out like emailSealed. */
  readonly passwordSealed: Buffer;
};

/** Delete an account. */
export type DeleteAccount = {
  /** The profile. */
  readonly profileId: string;
  /** What becomes of its messages. */
  readonly messages: MessagesLeft;
  /** Names the sealed password that the edge has checked: SHA-256, base64url. */
  readonly passwordId: string;
};

/** End one session of a profile. */
export type EndSession = {
  /** Whose session it is. */
  readonly profileId: string;
  /** The session. */
  readonly sessionId: string;
  /** Why it ends. */
  readonly reason: SessionEndReason;
};

/** End all sessions of a profile, or all but one. */
export type EndSessions = {
  /** Whose sessions end. */
  readonly profileId: string;
  /** The session that goes on; null when none does. */
  readonly except: string | null;
  /** Why it ends. */
  readonly reason: SessionEndReason;
};

/** Go on with a session: give a refresh token for its successor. */
export type RefreshSession = {
  /** Whose session it is. */
  readonly profileId: string;
  /** The session. */
  readonly sessionId: string;
  /** SHA-256 (base64url) of the token that is given. */
  readonly refreshHash: string;
  /** SHA-256 (base64url) of its successor. */
  readonly nextRefreshHash: string;
};

/** Keep the hash of the same password by today's parameters. */
export type RehashPassword = {
  /** The profile. */
  readonly profileId: string;
  /** Names the password that the edge has checked: SHA-256, base64url. */
  readonly passwordId: string;
  /** The argon2id hash in PHC form, AES-256-GCM under the auth service's key: nonce (12 bytes), ciphertext, tag (16 bytes). */
  readonly passwordSealed: Buffer;
};

/** Give up the claim of an address; given by process managers when a profile has another address, or is gone. */
export type ReleaseEmail = {
  /** HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address. */
  readonly emailHash: string;
  /** The profile that gives it up; a claim that another profile holds is left alone. */
  readonly profileId: string;
};

/** Hold an address for a profile that wants to change to it, until who has it has confirmed. */
export type ReserveEmail = {
  /** HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address. */
  readonly emailHash: string;
  /** The profile that wants it. */
  readonly profileId: string;
  /** The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes). */
  readonly emailSealed: Buffer;
  /** Which password was proven, by the SHA-256 (base64url) of what it lies sealed in: one that was changed since changes no address. */
  readonly passwordId: string;
};

/** Sign a profile in: begin a session. */
export type StartSession = {
  /** Whose session it is. */
  readonly profileId: string;
  /** The session. */
  readonly sessionId: string;
  /** SHA-256 (base64url) of the session's first refresh token. */
  readonly refreshHash: string;
  /** What the client said of itself (User-Agent), at most 200 characters; null when it said nothing. */
  readonly device: string | null;
  /** SHA-256 (base64url) of the sealed password that was proven; the profile must still have it. Null when none had to be: another proof was given. */
  readonly passwordId: string | null;
};

export type AuthCommand =
  | { readonly type: 'ChangeEmail'; readonly data: ChangeEmail }
  | { readonly type: 'ChangePassword'; readonly data: ChangePassword }
  | { readonly type: 'ChangeProfile'; readonly data: ChangeProfile }
  | { readonly type: 'ClaimEmail'; readonly data: ClaimEmail }
  | { readonly type: 'ConfirmEmail'; readonly data: ConfirmEmail }
  | { readonly type: 'CreateProfile'; readonly data: CreateProfile }
  | { readonly type: 'DeleteAccount'; readonly data: DeleteAccount }
  | { readonly type: 'EndSession'; readonly data: EndSession }
  | { readonly type: 'EndSessions'; readonly data: EndSessions }
  | { readonly type: 'RefreshSession'; readonly data: RefreshSession }
  | { readonly type: 'RehashPassword'; readonly data: RehashPassword }
  | { readonly type: 'ReleaseEmail'; readonly data: ReleaseEmail }
  | { readonly type: 'ReserveEmail'; readonly data: ReserveEmail }
  | { readonly type: 'StartSession'; readonly data: StartSession };

export const authCommandSchemas = [
  {
    topic: 'auth.commands',
    fullName: 'palaver.auth.ChangeEmail',
    schema: {"type":"record","name":"ChangeEmail","namespace":"palaver.auth","doc":"Give a profile the address that was confirmed for it; follows from EmailConfirmed.","fields":[{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile."},{"name":"emailSealed","type":"bytes","doc":"The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes)."},{"name":"passwordId","type":"string","doc":"Which password was proven, by the SHA-256 (base64url) of what it lies sealed in: one that was changed since changes no address."}]},
  },
  {
    topic: 'auth.commands',
    fullName: 'palaver.auth.ChangePassword',
    schema: {"type":"record","name":"ChangePassword","namespace":"palaver.auth","doc":"Give a profile another password, and end its sessions.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile."},{"name":"passwordId","type":"string","doc":"Names the password that it has, which the edge has checked or mailed a token for: SHA-256, base64url."},{"name":"emailHash","type":["null","string"],"doc":"Hash of the address that a token was mailed to, which must still be its own; null when the password was proven.","default":null},{"name":"passwordSealed","type":"bytes","doc":"The argon2id hash in PHC form, AES-256-GCM under the auth service's key: nonce (12 bytes), ciphertext, tag (16 bytes)."},{"name":"except","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"The session that goes on; null: none.","default":null}]},
  },
  {
    topic: 'auth.commands',
    fullName: 'palaver.auth.ChangeProfile',
    schema: {"type":"record","name":"ChangeProfile","namespace":"palaver.auth","doc":"Change what everybody sees of a profile.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile."},{"name":"name","type":["null","string"],"doc":"1-32 characters. Null: as it is.","default":null},{"name":"avatarUrl","type":["null","string"],"doc":"https, at most 2,048 characters. Null: as it is; empty: none.","default":null},{"name":"avatarFileId","type":["null","string"],"doc":"Id of a file in the place of an address; that it is a picture of who asks was resolved by the edge. Null: as it is; empty: none.","default":null},{"name":"expectedVersion","type":["null","long"],"doc":"Version that the sender has seen; another one refuses the change. Null: any.","default":null}]},
  },
  {
    topic: 'auth.commands',
    fullName: 'palaver.auth.ClaimEmail',
    schema: {"type":"record","name":"ClaimEmail","namespace":"palaver.auth","doc":"Reserve an address for a profile that is to be created.","fields":[{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile that the address is claimed for."},{"name":"name","type":"string","doc":"Display name, 1-32 characters."},{"name":"emailSealed","type":"bytes","doc":"The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes)."},{"name":"passwordSealed","type":"bytes","doc":"The argon2id hash in PHC form, AES-256-GCM under the auth service's key, laid out like emailSealed."}]},
  },
  {
    topic: 'auth.commands',
    fullName: 'palaver.auth.ConfirmEmail',
    schema: {"type":"record","name":"ConfirmEmail","namespace":"palaver.auth","doc":"Make a reservation firm: who has the address has shown the token that was mailed to it.","fields":[{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile that it is reserved for."}]},
  },
  {
    topic: 'auth.commands',
    fullName: 'palaver.auth.CreateProfile',
    schema: {"type":"record","name":"CreateProfile","namespace":"palaver.auth","doc":"Create the profile whose address has been claimed; given by the sign-up process manager.","fields":[{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile that the address is claimed for."},{"name":"name","type":"string","doc":"Display name, 1-32 characters."},{"name":"emailSealed","type":"bytes","doc":"The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes)."},{"name":"passwordSealed","type":"bytes","doc":"The argon2id hash in PHC form, AES-256-GCM under the auth service's key, laid out like emailSealed."}]},
  },
  {
    topic: 'auth.commands',
    fullName: 'palaver.auth.DeleteAccount',
    schema: {"type":"record","name":"DeleteAccount","namespace":"palaver.auth","doc":"Delete an account.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile."},{"name":"messages","type":{"type":"enum","name":"MessagesLeft","namespace":"palaver.auth","doc":"What becomes of the messages of an account that is deleted: they stay with no author, or they go.","symbols":["ANONYMIZE","DELETE"],"default":"DELETE"},"doc":"What becomes of its messages."},{"name":"passwordId","type":"string","doc":"Names the sealed password that the edge has checked: SHA-256, base64url."}]},
  },
  {
    topic: 'auth.commands',
    fullName: 'palaver.auth.EndSession',
    schema: {"type":"record","name":"EndSession","namespace":"palaver.auth","doc":"End one session of a profile.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whose session it is."},{"name":"sessionId","type":{"type":"string","logicalType":"uuid"},"doc":"The session."},{"name":"reason","type":{"type":"enum","name":"SessionEndReason","namespace":"palaver.auth","doc":"Why a session ended: its profile signed out of it, or ended it from elsewhere; a spent refresh token came again; the password changed; the account is gone; nobody refreshed it in time; newer sessions took its place.","symbols":["SIGNED_OUT","REVOKED","REUSED","PASSWORD_CHANGED","ACCOUNT_DELETED","EXPIRED","DISPLACED"],"default":"REVOKED"},"doc":"Why it ends."}]},
  },
  {
    topic: 'auth.commands',
    fullName: 'palaver.auth.EndSessions',
    schema: {"type":"record","name":"EndSessions","namespace":"palaver.auth","doc":"End all sessions of a profile, or all but one.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whose sessions end."},{"name":"except","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"The session that goes on; null when none does.","default":null},{"name":"reason","type":{"type":"enum","name":"SessionEndReason","namespace":"palaver.auth","doc":"Why a session ended: its profile signed out of it, or ended it from elsewhere; a spent refresh token came again; the password changed; the account is gone; nobody refreshed it in time; newer sessions took its place.","symbols":["SIGNED_OUT","REVOKED","REUSED","PASSWORD_CHANGED","ACCOUNT_DELETED","EXPIRED","DISPLACED"],"default":"REVOKED"},"doc":"Why it ends."}]},
  },
  {
    topic: 'auth.commands',
    fullName: 'palaver.auth.RefreshSession',
    schema: {"type":"record","name":"RefreshSession","namespace":"palaver.auth","doc":"Go on with a session: give a refresh token for its successor.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whose session it is."},{"name":"sessionId","type":{"type":"string","logicalType":"uuid"},"doc":"The session."},{"name":"refreshHash","type":"string","doc":"SHA-256 (base64url) of the token that is given."},{"name":"nextRefreshHash","type":"string","doc":"SHA-256 (base64url) of its successor."}]},
  },
  {
    topic: 'auth.commands',
    fullName: 'palaver.auth.RehashPassword',
    schema: {"type":"record","name":"RehashPassword","namespace":"palaver.auth","doc":"Keep the hash of the same password by today's parameters.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile."},{"name":"passwordId","type":"string","doc":"Names the password that the edge has checked: SHA-256, base64url."},{"name":"passwordSealed","type":"bytes","doc":"The argon2id hash in PHC form, AES-256-GCM under the auth service's key: nonce (12 bytes), ciphertext, tag (16 bytes)."}]},
  },
  {
    topic: 'auth.commands',
    fullName: 'palaver.auth.ReleaseEmail',
    schema: {"type":"record","name":"ReleaseEmail","namespace":"palaver.auth","doc":"Give up the claim of an address; given by process managers when a profile has another address, or is gone.","fields":[{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile that gives it up; a claim that another profile holds is left alone."}]},
  },
  {
    topic: 'auth.commands',
    fullName: 'palaver.auth.ReserveEmail',
    schema: {"type":"record","name":"ReserveEmail","namespace":"palaver.auth","doc":"Hold an address for a profile that wants to change to it, until who has it has confirmed.","fields":[{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile that wants it."},{"name":"emailSealed","type":"bytes","doc":"The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes)."},{"name":"passwordId","type":"string","doc":"Which password was proven, by the SHA-256 (base64url) of what it lies sealed in: one that was changed since changes no address."}]},
  },
  {
    topic: 'auth.commands',
    fullName: 'palaver.auth.StartSession',
    schema: {"type":"record","name":"StartSession","namespace":"palaver.auth","doc":"Sign a profile in: begin a session.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whose session it is."},{"name":"sessionId","type":{"type":"string","logicalType":"uuid"},"doc":"The session."},{"name":"refreshHash","type":"string","doc":"SHA-256 (base64url) of the session's first refresh token."},{"name":"device","type":["null","string"],"doc":"What the client said of itself (User-Agent), at most 200 characters; null when it said nothing.","default":null},{"name":"passwordId","type":["null","string"],"doc":"SHA-256 (base64url) of the sealed password that was proven; the profile must still have it. Null when none had to be: another proof was given.","default":null}]},
  },
] as const;

/** An account is gone. Ends its profile and its sessions: the sweep erases the records before this one. Holds nothing that tells who it was. */
export type AccountDeleted = {
  /** The profile. */
  readonly profileId: string;
  /** HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim that is to be released. */
  readonly emailHash: string;
  /** What becomes of its messages. */
  readonly messages: MessagesLeft;
};

/** A confirmed address came too late: the profile was deleted, or its password changed. Its claim is to be released. */
export type EmailAbandoned = {
  /** The profile. */
  readonly profileId: string;
  /** HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address. */
  readonly emailHash: string;
};

/** A profile has another address; the one before is to be released. */
export type EmailChanged = {
  /** The profile. */
  readonly profileId: string;
  /** HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address. */
  readonly emailHash: string;
  /** The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes). */
  readonly emailSealed: Buffer;
  /** HMAC-SHA-256 (base64url) of the address before, like emailHash: the claim that is to be released. */
  readonly previousEmailHash: string;
  /** The address before, sealed like emailSealed, for who tells it; null in records from before there was this field. */
  readonly previousEmailSealed: Buffer | null;
};

/** An address was reserved for a profile. Carries what the profile is created with, so that a crash in between loses nothing. */
export type EmailClaimed = {
  /** HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address. */
  readonly emailHash: string;
  /** The profile that the address is claimed for. */
  readonly profileId: string;
  /** Display name, 1-32 characters. */
  readonly name: string;
  /** The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes). */
  readonly emailSealed: Buffer;
  /** The argon2id hash in PHC form, AES-256-GCM under the auth service's key, laid out like emailSealed. */
  readonly passwordSealed: Buffer;
};

/** A reserved address is firmly the profile's. Carries what the profile is changed with, so that a crash in between loses nothing. */
export type EmailConfirmed = {
  /** HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address. */
  readonly emailHash: string;
  /** The profile. */
  readonly profileId: string;
  /** The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes). */
  readonly emailSealed: Buffer;
  /** Which password was proven, by the SHA-256 (base64url) of what it lies sealed in: one that was changed since changes no address. */
  readonly passwordId: string;
};

/** An address became free for anybody. Ends the earlier claim: what it carries is erased by the sweep. */
export type EmailReleased = {
  /** HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address. */
  readonly emailHash: string;
  /** The profile that held it. */
  readonly profileId: string;
};

/** An address is held for a profile that wants to change to it. After expiresAt anybody may take it. */
export type EmailReserved = {
  /** HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address. */
  readonly emailHash: string;
  /** The profile that wants it. */
  readonly profileId: string;
  /** The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes). */
  readonly emailSealed: Buffer;
  /** Which password was proven, by the SHA-256 (base64url) of what it lies sealed in: one that was changed since changes no address. */
  readonly passwordId: string;
  /** When the reservation is over, if it is not confirmed. */
  readonly expiresAt: number;
};

/** A profile has another password. */
export type PasswordChanged = {
  /** The profile. */
  readonly profileId: string;
  /** The argon2id hash in PHC form, AES-256-GCM under the auth service's key: nonce (12 bytes), ciphertext, tag (16 bytes). */
  readonly passwordSealed: Buffer;
};

/** The password of a profile is hashed anew. It is the same one. */
export type PasswordRehashed = {
  /** The profile. */
  readonly profileId: string;
  /** The argon2id hash in PHC form, AES-256-GCM under the auth service's key: nonce (12 bytes), ciphertext, tag (16 bytes). */
  readonly passwordSealed: Buffer;
};

/** What everybody sees of a profile changed. Holds all of it, also what stays. */
export type ProfileChanged = {
  /** The profile. */
  readonly profileId: string;
  /** Display name, 1-32 characters. */
  readonly name: string;
  /** Address of its picture; null for none. */
  readonly avatarUrl: string | null;
  /** File that is its picture, in the place of an address; null for none. */
  readonly avatarFileId: string | null;
};

/** An account came into being. */
export type ProfileCreated = {
  /** HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address. */
  readonly emailHash: string;
  /** The profile that the address is claimed for. */
  readonly profileId: string;
  /** Display name, 1-32 characters. */
  readonly name: string;
  /** The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes). */
  readonly emailSealed: Buffer;
  /** The argon2id hash in PHC form, AES-256-GCM under the auth service's key, laid out like emailSealed. */
  readonly passwordSealed: Buffer;
};

/** A session is over; its access tokens count no more. */
export type SessionEnded = {
  /** Whose session it is. */
  readonly profileId: string;
  /** The session. */
  readonly sessionId: string;
  /** Why it ended. */
  readonly reason: SessionEndReason;
};

/** A refresh token was spent, and has a successor. */
export type SessionRefreshed = {
  /** Whose session it is. */
  readonly profileId: string;
  /** The session. */
  readonly sessionId: string;
  /** SHA-256 (base64url) of the successor, the only token that is good from here on. */
  readonly refreshHash: string;
  /** When the session ends unless it is refreshed before. */
  readonly expiresAt: number;
};

/** A profile signed in. */
export type SessionStarted = {
  /** Whose session it is. */
  readonly profileId: string;
  /** The session. */
  readonly sessionId: string;
  /** SHA-256 (base64url) of the session's first refresh token. */
  readonly refreshHash: string;
  /** What the client said of itself (User-Agent), at most 200 characters; null when it said nothing. */
  readonly device: string | null;
  /** When the session ends unless it is refreshed before. */
  readonly expiresAt: number;
};

export type AuthEvent =
  | { readonly type: 'AccountDeleted'; readonly data: AccountDeleted }
  | { readonly type: 'EmailAbandoned'; readonly data: EmailAbandoned }
  | { readonly type: 'EmailChanged'; readonly data: EmailChanged }
  | { readonly type: 'EmailClaimed'; readonly data: EmailClaimed }
  | { readonly type: 'EmailConfirmed'; readonly data: EmailConfirmed }
  | { readonly type: 'EmailReleased'; readonly data: EmailReleased }
  | { readonly type: 'EmailReserved'; readonly data: EmailReserved }
  | { readonly type: 'PasswordChanged'; readonly data: PasswordChanged }
  | { readonly type: 'PasswordRehashed'; readonly data: PasswordRehashed }
  | { readonly type: 'ProfileChanged'; readonly data: ProfileChanged }
  | { readonly type: 'ProfileCreated'; readonly data: ProfileCreated }
  | { readonly type: 'SessionEnded'; readonly data: SessionEnded }
  | { readonly type: 'SessionRefreshed'; readonly data: SessionRefreshed }
  | { readonly type: 'SessionStarted'; readonly data: SessionStarted };

export const authEventSchemas = [
  {
    topic: 'auth.events',
    fullName: 'palaver.auth.AccountDeleted',
    schema: {"type":"record","name":"AccountDeleted","namespace":"palaver.auth","doc":"An account is gone. Ends its profile and its sessions: the sweep erases the records before this one. Holds nothing that tells who it was.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile."},{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim that is to be released."},{"name":"messages","type":{"type":"enum","name":"MessagesLeft","namespace":"palaver.auth","doc":"What becomes of the messages of an account that is deleted: they stay with no author, or they go.","symbols":["ANONYMIZE","DELETE"],"default":"DELETE"},"doc":"What becomes of its messages."}]},
  },
  {
    topic: 'auth.events',
    fullName: 'palaver.auth.EmailAbandoned',
    schema: {"type":"record","name":"EmailAbandoned","namespace":"palaver.auth","doc":"A confirmed address came too late: the profile was deleted, or its password changed. Its claim is to be released.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile."},{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address."}]},
  },
  {
    topic: 'auth.events',
    fullName: 'palaver.auth.EmailChanged',
    schema: {"type":"record","name":"EmailChanged","namespace":"palaver.auth","doc":"A profile has another address; the one before is to be released.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile."},{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address."},{"name":"emailSealed","type":"bytes","doc":"The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes)."},{"name":"previousEmailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the address before, like emailHash: the claim that is to be released."},{"name":"previousEmailSealed","type":["null","bytes"],"doc":"The address before, sealed like emailSealed, for who tells it; null in records from before there was this field.","default":null}]},
  },
  {
    topic: 'auth.events',
    fullName: 'palaver.auth.EmailClaimed',
    schema: {"type":"record","name":"EmailClaimed","namespace":"palaver.auth","doc":"An address was reserved for a profile. Carries what the profile is created with, so that a crash in between loses nothing.","fields":[{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile that the address is claimed for."},{"name":"name","type":"string","doc":"Display name, 1-32 characters."},{"name":"emailSealed","type":"bytes","doc":"The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes)."},{"name":"passwordSealed","type":"bytes","doc":"The argon2id hash in PHC form, AES-256-GCM under the auth service's key, laid out like emailSealed."}]},
  },
  {
    topic: 'auth.events',
    fullName: 'palaver.auth.EmailConfirmed',
    schema: {"type":"record","name":"EmailConfirmed","namespace":"palaver.auth","doc":"A reserved address is firmly the profile's. Carries what the profile is changed with, so that a crash in between loses nothing.","fields":[{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile."},{"name":"emailSealed","type":"bytes","doc":"The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes)."},{"name":"passwordId","type":"string","doc":"Which password was proven, by the SHA-256 (base64url) of what it lies sealed in: one that was changed since changes no address."}]},
  },
  {
    topic: 'auth.events',
    fullName: 'palaver.auth.EmailReleased',
    schema: {"type":"record","name":"EmailReleased","namespace":"palaver.auth","doc":"An address became free for anybody. Ends the earlier claim: what it carries is erased by the sweep.","fields":[{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile that held it."}]},
  },
  {
    topic: 'auth.events',
    fullName: 'palaver.auth.EmailReserved',
    schema: {"type":"record","name":"EmailReserved","namespace":"palaver.auth","doc":"An address is held for a profile that wants to change to it. After expiresAt anybody may take it.","fields":[{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile that wants it."},{"name":"emailSealed","type":"bytes","doc":"The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes)."},{"name":"passwordId","type":"string","doc":"Which password was proven, by the SHA-256 (base64url) of what it lies sealed in: one that was changed since changes no address."},{"name":"expiresAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the reservation is over, if it is not confirmed."}]},
  },
  {
    topic: 'auth.events',
    fullName: 'palaver.auth.PasswordChanged',
    schema: {"type":"record","name":"PasswordChanged","namespace":"palaver.auth","doc":"A profile has another password.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile."},{"name":"passwordSealed","type":"bytes","doc":"The argon2id hash in PHC form, AES-256-GCM under the auth service's key: nonce (12 bytes), ciphertext, tag (16 bytes)."}]},
  },
  {
    topic: 'auth.events',
    fullName: 'palaver.auth.PasswordRehashed',
    schema: {"type":"record","name":"PasswordRehashed","namespace":"palaver.auth","doc":"The password of a profile is hashed anew. It is the same one.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile."},{"name":"passwordSealed","type":"bytes","doc":"The argon2id hash in PHC form, AES-256-GCM under the auth service's key: nonce (12 bytes), ciphertext, tag (16 bytes)."}]},
  },
  {
    topic: 'auth.events',
    fullName: 'palaver.auth.ProfileChanged',
    schema: {"type":"record","name":"ProfileChanged","namespace":"palaver.auth","doc":"What everybody sees of a profile changed. Holds all of it, also what stays.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile."},{"name":"name","type":"string","doc":"Display name, 1-32 characters."},{"name":"avatarUrl","type":["null","string"],"doc":"Address of its picture; null for none.","default":null},{"name":"avatarFileId","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"File that is its picture, in the place of an address; null for none.","default":null}]},
  },
  {
    topic: 'auth.events',
    fullName: 'palaver.auth.ProfileCreated',
    schema: {"type":"record","name":"ProfileCreated","namespace":"palaver.auth","doc":"An account came into being.","fields":[{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile that the address is claimed for."},{"name":"name","type":"string","doc":"Display name, 1-32 characters."},{"name":"emailSealed","type":"bytes","doc":"The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes)."},{"name":"passwordSealed","type":"bytes","doc":"The argon2id hash in PHC form, AES-256-GCM under the auth service's key, laid out like emailSealed."}]},
  },
  {
    topic: 'auth.events',
    fullName: 'palaver.auth.SessionEnded',
    schema: {"type":"record","name":"SessionEnded","namespace":"palaver.auth","doc":"A session is over; its access tokens count no more.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whose session it is."},{"name":"sessionId","type":{"type":"string","logicalType":"uuid"},"doc":"The session."},{"name":"reason","type":{"type":"enum","name":"SessionEndReason","namespace":"palaver.auth","doc":"Why a session ended: its profile signed out of it, or ended it from elsewhere; a spent refresh token came again; the password changed; the account is gone; nobody refreshed it in time; newer sessions took its place.","symbols":["SIGNED_OUT","REVOKED","REUSED","PASSWORD_CHANGED","ACCOUNT_DELETED","EXPIRED","DISPLACED"],"default":"REVOKED"},"doc":"Why it ended."}]},
  },
  {
    topic: 'auth.events',
    fullName: 'palaver.auth.SessionRefreshed',
    schema: {"type":"record","name":"SessionRefreshed","namespace":"palaver.auth","doc":"A refresh token was spent, and has a successor.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whose session it is."},{"name":"sessionId","type":{"type":"string","logicalType":"uuid"},"doc":"The session."},{"name":"refreshHash","type":"string","doc":"SHA-256 (base64url) of the successor, the only token that is good from here on."},{"name":"expiresAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the session ends unless it is refreshed before."}]},
  },
  {
    topic: 'auth.events',
    fullName: 'palaver.auth.SessionStarted',
    schema: {"type":"record","name":"SessionStarted","namespace":"palaver.auth","doc":"A profile signed in.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"Whose session it is."},{"name":"sessionId","type":{"type":"string","logicalType":"uuid"},"doc":"The session."},{"name":"refreshHash","type":"string","doc":"SHA-256 (base64url) of the session's first refresh token."},{"name":"device","type":["null","string"],"doc":"What the client said of itself (User-Agent), at most 200 characters; null when it said nothing.","default":null},{"name":"expiresAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the session ends unless it is refreshed before."}]},
  },
] as const;
