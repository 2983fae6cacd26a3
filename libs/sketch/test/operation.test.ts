import fc from 'fast-check';
import { templateOperation } from '../src/operation';

describe('operation template', () => {
  it.each([
    ['GET /users/42', 'GET /users/{id}'],
    ['GET /users/42/orders/9f8e7d6c5b4a?x=1', 'GET /users/{id}/orders/{id}'],
    ['/cart/123e4567-e89b-12d3-a456-426614174000/items', '/cart/{id}/items'],
    ['POST /api/v2/item/OLJCESPC7Z', 'POST /api/v2/item/OLJCESPC7Z'],
    ['http://10.0.3.17:8080/health', 'http://{id}/health'],
    ['process order 1234567', 'process order {id}'],
    ['job-20240131123456', 'job-{id}'],
    ['/blob/aGVsbG8xMjM0d29ybGQ1Njc4', '/blob/{id}'],
    ['consume orders.c0ffee0123456789', 'consume orders.{id}'],
    ['/1/2/3', '/{id}/{id}/{id}'],
  ])('%s → %s', (name, template) => {
    expect(templateOperation(name)).toBe(template);
  });

  it.each([
    'hipstershop.CartService/GetCart',
    'HTTP 404',
    'step 3',
    'oauth2 v1.2',
    '/api/v1/travelservice/trips/left',
    'SELECT ts.orders',
    'UsersController#show',
    'deadbeef facade',
    'S3.PutObject',
    '',
  ])('%p stays', (name) => {
    expect(templateOperation(name)).toBe(name);
  });

  it('gives the same when applied again, on any text', () => {
    const word = fc.constantFrom('/', ' ', '-', '.', 'a', 'F', '7', '42', '{id}', 'é', '😀', 'api');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word).map((w) => w.join('')),
        ),
        (name) => {
          const once = templateOperation(name);
          expect(templateOperation(once)).toBe(once);
        },
      ),
    );
  });
});
