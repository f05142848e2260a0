import { type Answers, postRequest, sendAtRate, sendInLoop } from '../load.ts';
import { serveCalls } from '../worker.ts';

export type LoadOptions = {
  /** Where it connects, and the requests' own URLs, tokens and bodies. */
  readonly url: string;
  readonly posts: readonly { readonly path: string; readonly token: string; readonly body: unknown }[];
  readonly connections: number;
  readonly seconds: number;
  /** Requests a second; as many as are answered when it is not given. */
  readonly perSecond?: number;
};

const calls = {
  run: ({ url, posts, perSecond, ...rest }: LoadOptions): Promise<Answers> => {
    const requests = posts.map(({ path, token, body }) => postRequest({ url: url + path, token, body }));
    return perSecond === undefined
      ? sendInLoop({ ...rest, url, requests })
      : sendAtRate({ ...rest, url, requests, perSecond });
  },
};
export type LoadCalls = typeof calls;

serveCalls(calls);
