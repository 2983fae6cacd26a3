/** Stores that the services call; they send no spans of their own. */
export type StoreSystem = 'postgresql' | 'mysql' | 'redis' | 'mongodb' | 'elasticsearch';

interface CallBase {
  /** Probability that the call is made at all. */
  readonly chance: number;
  /** Least and most times it is made in a row. */
  readonly times: readonly [number, number];
}

/** How one operation reaches another, or a store. */
export type Call =
  | (CallBase & { readonly via: 'rpc'; readonly to: string; readonly parallel: boolean })
  | (CallBase & { readonly via: 'queue'; readonly to: string; readonly topic: string })
  | (CallBase & {
      readonly via: 'store';
      readonly system: StoreSystem;
      readonly table: string;
      readonly statement: string;
      readonly medianMs: number;
    });

/** What one operation of one service does. */
export interface Operation {
  readonly service: string;
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'RPC' | 'MESSAGE';
  readonly route: string;
  /** Median of the operation's own work, milliseconds. */
  readonly selfMs: number;
  /** Standard deviation of the logarithm of that work. */
  readonly spread: number;
  /** Probability that the operation fails by itself. */
  readonly errors: number;
  /** Name of an internal span that half of the own work is spent in; empty for none. */
  readonly internal: string;
  readonly calls: readonly Call[];
}

/** A service's fixed facts: what its resource attributes are made from. */
export interface ServiceFacts {
  readonly language: string;
  readonly version: string;
  readonly instances: number;
  readonly scope: string;
}

/** The services of the generated shop, by name. */
export const SERVICES: Readonly<Record<string, ServiceFacts>> = {
  'web-frontend': { language: 'nodejs', version: '4.12.1', instances: 3, scope: '@shop/web' },
  'api-gateway': { language: 'go', version: '2.3.0', instances: 2, scope: 'shop/edge' },
  catalog: { language: 'java', version: '7.0.4', instances: 3, scope: 'shop.catalog' },
  search: { language: 'java', version: '3.9.2', instances: 2, scope: 'shop.search' },
  recommendation: { language: 'python', version: '0.18.0', instances: 2, scope: 'shop.rec' },
  cart: { language: 'dotnet', version: '1.44.0', instances: 2, scope: 'Shop.Cart' },
  users: { language: 'ruby', version: '5.1.7', instances: 2, scope: 'shop-users' },
  checkout: { language: 'go', version: '2.8.5', instances: 2, scope: 'shop/checkout' },
  payment: { language: 'nodejs', version: '9.0.0', instances: 2, scope: '@shop/payment' },
  fraud: { language: 'python', version: '1.6.3', instances: 1, scope: 'shop.fraud' },
  inventory: { language: 'rust', version: '0.9.9', instances: 2, scope: 'shop_inventory' },
  shipping: { language: 'rust', version: '1.2.0', instances: 1, scope: 'shop_shipping' },
  notification: { language: 'nodejs', version: '3.3.3', instances: 1, scope: '@shop/notify' },
  analytics: { language: 'java', version: '11.2.0', instances: 1, scope: 'shop.analytics' },
};

/** Entry points and how often each is used, relative to each other. */
export const ENTRIES: readonly (readonly [operation: string, weight: number])[] = [
  ['web.home', 30],
  ['web.product', 30],
  ['web.search', 16],
  ['web.cart', 10],
  ['web.checkout', 6],
  ['edge.health', 4],
  ['edge.orders', 3],
  ['analytics.rollup', 1],
];
