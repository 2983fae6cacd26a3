import type { Call, Operation, StoreSystem } from './topology';

type Times = readonly [number, number];
const ONCE: Times = [1, 1];

const rpc = (to: string, chance = 1, times = ONCE): Call => ({
  via: 'rpc',
  to,
  chance,
  times,
  parallel: false,
});

const parallel = (to: string, chance = 1, times = ONCE): Call => ({
  via: 'rpc',
  to,
  chance,
  times,
  parallel: true,
});

const queue = (topic: string, to: string, chance: number): Call => ({
  via: 'queue',
  to,
  topic,
  chance,
  times: ONCE,
});

const store = (
  system: StoreSystem,
  table: string,
  statement: string,
  medianMs: number,
  chance = 1,
  times = ONCE,
): Call => ({ via: 'store', system, table, statement, medianMs, chance, times });

function operation(
  service: string,
  method: Operation['method'],
  route: string,
  work: { readonly ms: number; readonly errors: number; readonly internal?: string },
  calls: readonly Call[],
): Operation {
  const name =
    method === 'RPC'
      ? `${service}.${route}`
      : method === 'MESSAGE'
        ? `${route} process`
        : `${method} ${route}`;
  const { ms, errors, internal = '' } = work;
  return { service, name, method, route, selfMs: ms, spread: 0.5, errors, internal, calls };
}

/** Every operation of the generated shop by key. Calls make no cycle, so every trace ends. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'web.home': operation('web-frontend', 'GET', '/', { ms: 6, errors: 0.001, internal: 'render' }, [
    rpc('users.session', 0.9),
    rpc('catalog.list'),
    parallel('recommendation.list', 0.8),
    parallel('cart.get', 0.7),
  ]),
  'web.product': operation('web-frontend', 'GET', '/product/{id}', { ms: 5, errors: 0.002 }, [
    rpc('catalog.get'),
    parallel('inventory.stock'),
    parallel('recommendation.list', 0.6),
    queue('product-views', 'analytics.view', 0.25),
  ]),
  'web.search': operation('web-frontend', 'GET', '/search', { ms: 5, errors: 0.003 }, [
    rpc('search.query'),
    parallel('catalog.get', 0.9, [2, 12]),
  ]),
  'web.cart': operation('web-frontend', 'POST', '/cart', { ms: 4, errors: 0.002 }, [
    rpc('users.session'),
    rpc('inventory.stock'),
    rpc('cart.add'),
  ]),
  'web.checkout': operation(
    'web-frontend',
    'POST',
    '/checkout',
    { ms: 7, errors: 0.004, internal: 'validate form' },
    [rpc('users.session'), rpc('checkout.place')],
  ),
  'edge.health': operation('api-gateway', 'GET', '/healthz', { ms: 0.4, errors: 0 }, []),
  'edge.orders': operation('api-gateway', 'GET', '/v1/orders', { ms: 2, errors: 0.01 }, [
    rpc('users.session'),
    rpc('checkout.orders'),
    rpc('shipping.track', 0.9, [1, 8]),
  ]),
  'users.session': operation('users', 'RPC', 'Session/Get', { ms: 1.2, errors: 0.002 }, [
    store('redis', 'session', 'GET session:?', 0.5),
    store('mysql', 'users', 'SELECT id, name, tier FROM users WHERE id = ?', 2.2, 0.15),
  ]),
  'catalog.list': operation('catalog', 'RPC', 'Catalog/List', { ms: 3, errors: 0.001 }, [
    store('redis', 'product', 'MGET product:?', 0.7),
    store('postgresql', 'products', 'SELECT * FROM products WHERE featured LIMIT 24', 6, 0.3),
  ]),
  'catalog.get': operation('catalog', 'RPC', 'Catalog/Get', { ms: 1.5, errors: 0.004 }, [
    store('redis', 'product', 'GET product:?', 0.5),
    store('postgresql', 'products', 'SELECT * FROM products WHERE id = $1', 3, 0.35),
    rpc('catalog.price', 0.6),
  ]),
  'catalog.price': operation(
    'catalog',
    'RPC',
    'Price/Compute',
    { ms: 0.8, errors: 0.001, internal: 'apply discounts' },
    [],
  ),
  'search.query': operation(
    'search',
    'RPC',
    'Search/Query',
    { ms: 4, errors: 0.006, internal: 'rank' },
    [store('elasticsearch', 'products', 'POST /products/_search', 14, 1, [1, 3])],
  ),
  'recommendation.list': operation(
    'recommendation',
    'RPC',
    'Recommend/List',
    { ms: 9, errors: 0.008, internal: 'score candidates' },
    [store('mongodb', 'embeddings', 'find embeddings', 5), rpc('catalog.get', 0.8, [1, 5])],
  ),
  'cart.get': operation('cart', 'RPC', 'Cart/Get', { ms: 1, errors: 0.001 }, [
    store('redis', 'cart', 'HGETALL cart:?', 0.6),
  ]),
  'cart.add': operation('cart', 'RPC', 'Cart/Add', { ms: 1.4, errors: 0.003 }, [
    store('redis', 'cart', 'HSET cart:?', 0.7),
  ]),
  'inventory.stock': operation('inventory', 'RPC', 'Stock/Get', { ms: 0.6, errors: 0.002 }, [
    store('postgresql', 'stock', 'SELECT on_hand FROM stock WHERE sku = $1', 1.8),
  ]),
  'inventory.reserve': operation('inventory', 'RPC', 'Stock/Reserve', { ms: 1.2, errors: 0.012 }, [
    store('postgresql', 'stock', 'UPDATE stock SET reserved = $2 WHERE sku = $1', 3.5, 1, [1, 4]),
  ]),
  'checkout.place': operation(
    'checkout',
    'RPC',
    'Checkout/Place',
    { ms: 5, errors: 0.006, internal: 'build order' },
    [
      rpc('cart.get'),
      rpc('inventory.reserve'),
      rpc('payment.charge'),
      store('mysql', 'orders', 'INSERT INTO orders (id, user_id, total) VALUES (?, ?, ?)', 4),
      queue('orders', 'shipping.create', 0.95),
      queue('order-mails', 'notification.send', 0.95),
    ],
  ),
  'checkout.orders': operation('checkout', 'RPC', 'Orders/List', { ms: 2, errors: 0.003 }, [
    store('mysql', 'orders', 'SELECT * FROM orders WHERE user_id = ?', 7),
  ]),
  'payment.charge': operation(
    'payment',
    'RPC',
    'Payment/Charge',
    { ms: 38, errors: 0.025, internal: 'call card network' },
    [
      rpc('fraud.score'),
      store('postgresql', 'charges', 'INSERT INTO charges (order_id, cents) VALUES ($1, $2)', 3),
    ],
  ),
  'fraud.score': operation(
    'fraud',
    'RPC',
    'Fraud/Score',
    { ms: 16, errors: 0.004, internal: 'run model' },
    [store('redis', 'velocity', 'GET velocity:?', 0.6, 1, [1, 3])],
  ),
  'shipping.create': operation('shipping', 'MESSAGE', 'orders', { ms: 11, errors: 0.006 }, [
    store('postgresql', 'parcels', 'INSERT INTO parcels (order_id) VALUES ($1)', 3),
  ]),
  'shipping.track': operation('shipping', 'RPC', 'Parcel/Track', { ms: 2, errors: 0.01 }, [
    store('postgresql', 'parcels', 'SELECT * FROM parcels WHERE order_id = $1', 2),
  ]),
  'notification.send': operation(
    'notification',
    'MESSAGE',
    'order-mails',
    { ms: 24, errors: 0.015, internal: 'render mail' },
    [],
  ),
  'analytics.view': operation(
    'analytics',
    'MESSAGE',
    'product-views',
    { ms: 1.5, errors: 0.001 },
    [],
  ),
  'analytics.rollup': operation('analytics', 'MESSAGE', 'rollup', { ms: 120, errors: 0.004 }, [
    store('postgresql', 'views', 'SELECT day, sum(n) FROM views GROUP BY day', 9, 1, [2, 40]),
    rpc('catalog.list', 1, [1, 6]),
  ]),
};
