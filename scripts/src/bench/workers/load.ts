import { type Answers, httpRequest, sendAtRate, sendInLoop } from '../load.ts';
import { serveCalls } from '../worker.ts';

export type LoadOptions = {
  /** Where it connects, and the requests' own URLs, tokens and bodies; one without a body is a GET. */
  readonly url: string;
  readonly requests: readonly { readonly path: string; readonly token: string; readonly body?: unknown }[];
  readonly connections: number;
  readonly seconds: number;
  /** Requests a second; as many as are answered when it is not given. */
  readonly perSecond?: number;
};

const calls = {
  run: ({ url, requests: given, perSecond, ...rest }: LoadOptions): Promise<Answers> => {
    const requests = given.map(({ path, ...more }) => httpRequest({ url: url + path, ...more }));
    return perSecond === undefined
      ? sendInLoop({ ...rest, url, requests })
      : sendAtRate({ ...rest, url, requests, perSecond });
  },
};
export type LoadCalls = typeof calls;

serveCalls(calls);
