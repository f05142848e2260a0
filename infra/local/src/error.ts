/** Something that the person at the terminal can put right; the message is one line that says how. */
export class LocalError extends Error {
  override name = 'LocalError';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
