export { unpackFrame } from './unpack-frame';
