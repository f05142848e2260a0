// Generated from schemas/auth by `pnpm generate`; not to be edited.

/** What becomes of the messages of an account that is deleted: they stay with no author, or they go. */
export type MessagesLeft = 'ANONYMIZE' | 'DELETE';

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

/** Delete an account. Its password was checked by the edge. */
export type DeleteAccount = {
  /** The profile. */
  readonly profileId: string;
  /** What becomes of its messages. */
  readonly messages: MessagesLeft;
};

/** Give up the claim of an address; given by process managers when a profile has another address, or is gone. */
export type ReleaseEmail = {
  /** HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address. */
  readonly emailHash: string;
  /** The profile that gives it up; a claim that another profile holds is left alone. */
  readonly profileId: string;
};

export type AuthCommand =
  | { readonly type: 'ClaimEmail'; readonly data: ClaimEmail }
  | { readonly type: 'CreateProfile'; readonly data: CreateProfile }
  | { readonly type: 'DeleteAccount'; readonly data: DeleteAccount }
  | { readonly type: 'ReleaseEmail'; readonly data: ReleaseEmail };

export const authCommandSchemas = [
  {
    topic: 'auth.commands',
    fullName: 'palaver.auth.ClaimEmail',
    schema: {"type":"record","name":"ClaimEmail","namespace":"palaver.auth","doc":"Reserve an address for a profile that is to be created.","fields":[{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile that the address is claimed for."},{"name":"name","type":"string","doc":"Display name, 1-32 characters."},{"name":"emailSealed","type":"bytes","doc":"The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes)."},{"name":"passwordSealed","type":"bytes","doc":"The argon2id hash in PHC form, AES-256-GCM under the auth service's key, laid out like emailSealed."}]},
  },
  {
    topic: 'auth.commands',
    fullName: 'palaver.auth.CreateProfile',
    schema: {"type":"record","name":"CreateProfile","namespace":"palaver.auth","doc":"Create the profile whose address has been claimed; given by the sign-up process manager.","fields":[{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile that the address is claimed for."},{"name":"name","type":"string","doc":"Display name, 1-32 characters."},{"name":"emailSealed","type":"bytes","doc":"The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes)."},{"name":"passwordSealed","type":"bytes","doc":"The argon2id hash in PHC form, AES-256-GCM under the auth service's key, laid out like emailSealed."}]},
  },
  {
    topic: 'auth.commands',
    fullName: 'palaver.auth.DeleteAccount',
    schema: {"type":"record","name":"DeleteAccount","namespace":"palaver.auth","doc":"Delete an account. Its password was checked by the edge.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile."},{"name":"messages","type":{"type":"enum","name":"MessagesLeft","namespace":"palaver.auth","doc":"What becomes of the messages of an account that is deleted: they stay with no author, or they go.","symbols":["ANONYMIZE","DELETE"],"default":"DELETE"},"doc":"What becomes of its messages."}]},
  },
  {
    topic: 'auth.commands',
    fullName: 'palaver.auth.ReleaseEmail',
    schema: {"type":"record","name":"ReleaseEmail","namespace":"palaver.auth","doc":"Give up the claim of an address; given by process managers when a profile has another address, or is gone.","fields":[{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile that gives it up; a claim that another profile holds is left alone."}]},
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

/** An address became free for anybody. Ends the earlier claim: what it carries is erased by the sweep. */
export type EmailReleased = {
  /** HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address. */
  readonly emailHash: string;
  /** The profile that held it. */
  readonly profileId: string;
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

export type AuthEvent =
  | { readonly type: 'AccountDeleted'; readonly data: AccountDeleted }
  | { readonly type: 'EmailClaimed'; readonly data: EmailClaimed }
  | { readonly type: 'EmailReleased'; readonly data: EmailReleased }
  | { readonly type: 'ProfileCreated'; readonly data: ProfileCreated };

export const authEventSchemas = [
  {
    topic: 'auth.events',
    fullName: 'palaver.auth.AccountDeleted',
    schema: {"type":"record","name":"AccountDeleted","namespace":"palaver.auth","doc":"An account is gone. Ends its profile and its sessions: the sweep erases the records before this one. Holds nothing that tells who it was.","fields":[{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile."},{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim that is to be released."},{"name":"messages","type":{"type":"enum","name":"MessagesLeft","namespace":"palaver.auth","doc":"What becomes of the messages of an account that is deleted: they stay with no author, or they go.","symbols":["ANONYMIZE","DELETE"],"default":"DELETE"},"doc":"What becomes of its messages."}]},
  },
  {
    topic: 'auth.events',
    fullName: 'palaver.auth.EmailClaimed',
    schema: {"type":"record","name":"EmailClaimed","namespace":"palaver.auth","doc":"An address was reserved for a profile. Carries what the profile is created with, so that a crash in between loses nothing.","fields":[{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile that the address is claimed for."},{"name":"name","type":"string","doc":"Display name, 1-32 characters."},{"name":"emailSealed","type":"bytes","doc":"The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes)."},{"name":"passwordSealed","type":"bytes","doc":"The argon2id hash in PHC form, AES-256-GCM under the auth service's key, laid out like emailSealed."}]},
  },
  {
    topic: 'auth.events',
    fullName: 'palaver.auth.EmailReleased',
    schema: {"type":"record","name":"EmailReleased","namespace":"palaver.auth","doc":"An address became free for anybody. Ends the earlier claim: what it carries is erased by the sweep.","fields":[{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile that held it."}]},
  },
  {
    topic: 'auth.events',
    fullName: 'palaver.auth.ProfileCreated',
    schema: {"type":"record","name":"ProfileCreated","namespace":"palaver.auth","doc":"An account came into being.","fields":[{"name":"emailHash","type":"string","doc":"HMAC-SHA-256 (base64url) of the normalized address under the auth service's key: the claim's identity, and no address."},{"name":"profileId","type":{"type":"string","logicalType":"uuid"},"doc":"The profile that the address is claimed for."},{"name":"name","type":"string","doc":"Display name, 1-32 characters."},{"name":"emailSealed","type":"bytes","doc":"The address, AES-256-GCM under the profile's data key: nonce (12 bytes), ciphertext, tag (16 bytes)."},{"name":"passwordSealed","type":"bytes","doc":"The argon2id hash in PHC form, AES-256-GCM under the auth service's key, laid out like emailSealed."}]},
  },
] as const;
