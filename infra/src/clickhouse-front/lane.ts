import { frontException } from './exception';

/** Runs work one after the other. */
export interface Lane {
  /** Queues `work`; rejects at once, in the server's words, when too much is waiting. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when all that is queued has been done. */
  idle(): Promise<void>;
}

/** Makes a lane in which at most `waitingMax` pieces of work wait. */
export function createLane(waitingMax: number): Lane {
  let tail: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    run: (work) => {
      if (waiting >= waitingMax) {
        return Promise.reject(
          frontException(
            202,
            'TOO_MANY_SIMULTANEOUS_QUERIES',
            `Too many simultaneous queries. Maximum: ${waitingMax}`,
          ),
        );
      }
      waiting++;
      const result = tail.then(work).finally(() => {
        waiting--;
      });
      tail = result.catch(() => undefined);
      return result;
    },
    idle: async () => {
      await tail;
    },
  };
}
