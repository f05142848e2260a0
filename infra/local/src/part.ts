import type { LocalPorts } from './ports.ts';

export const partNames = ['kafka', 'registry', 'postgres', 's3'] as const;
export type PartName = (typeof partNames)[number];

/** What a part is given to prepare its launch. */
export interface PartContext {
  /** Absolute. */
  dataDir: string;
  /** For the temporary files of the Java programs; emptied at each start. */
  temporary: string;
  ports: LocalPorts;
  log: (line: string) => void;
  signal: AbortSignal;
}
