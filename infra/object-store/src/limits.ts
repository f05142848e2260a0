/** S3's own: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html. All parts but the last have at least this size. */
export const partBytes = 5 * 1024 * 1024;
export const maxParts = 10_000;
/** What a body of unknown length can grow to, cut into parts of `partBytes`. */
export const maxObjectBytes = partBytes * maxParts;
/** A signature of version 4 is good for seven days at most. */
export const maxExpirySeconds = 7 * 24 * 60 * 60;
