/**
 * Loaded before a service (NODE_OPTIONS=--require …), sets its wall clock WRONG_CLOCK_MS off, as a machine with a
 * wrong clock has it. Timers and monotonic time stay right, as they do on such a machine.
 */
const off_ms = Number(process.env.WRONG_CLOCK_MS);
const TrueDate = Date;
const now = () => TrueDate.now() + off_ms;

globalThis.Date = new Proxy(TrueDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new TrueDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});
