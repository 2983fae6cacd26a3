// Columns of numbers in memory: value `i` of the column that begins at an address.

@inline
export function i32At(column: usize, i: i32): i32 {
  return load<i32>(column + ((<usize>i) << 2));
}

@inline
export function setI32(column: usize, i: i32, value: i32): void {
  store<i32>(column + ((<usize>i) << 2), value);
}

@inline
export function f64At(column: usize, i: i32): f64 {
  return load<f64>(column + ((<usize>i) << 3));
}

@inline
export function setF64(column: usize, i: i32, value: f64): void {
  store<f64>(column + ((<usize>i) << 3), value);
}

@inline
export function u64At(column: usize, i: i32): u64 {
  return load<u64>(column + ((<usize>i) << 3));
}

@inline
export function setU64(column: usize, i: i32, value: u64): void {
  store<u64>(column + ((<usize>i) << 3), value);
}

@inline
export function u8At(column: usize, i: i32): i32 {
  return load<u8>(column + <usize>i);
}

@inline
export function setU8(column: usize, i: i32, value: i32): void {
  store<u8>(column + <usize>i, <u8>value);
}
