import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Where secrets stand in what is logged, here and one level down. */
const SECRET_FIELDS = ['authorization', 'password', 'passwordHash', 'token', 'accessToken', 'refreshToken', 'secret'];

export type LoggerOptions = {
  readonly name: string;
  readonly level?: string;
  /** Tells the processes of one name apart. */
  readonly instance?: string;
  /** Where lines go; stdout by default. */
  readonly destination?: DestinationStream;
};

/** JSON lines on stdout, each with the process's name; fields that hold secrets are replaced by `[hidden]`. */
export const createLogger = ({ name, level = 'info', instance, destination }: LoggerOptions): Logger =>
  pino(
    {
      level,
      base: instance === undefined ? { name } : { name, instance },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      redact: {
        paths: [...SECRET_FIELDS, ...SECRET_FIELDS.map((field) => `*.${field}`), 'req.headers.cookie'],
        censor: '[hidden]',
      },
    },
    // Written at once: the last line before a crash is the one that is wanted, and lines stay in order when the process ends.
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
