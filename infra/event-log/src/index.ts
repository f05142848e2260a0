export { type RecordSchema, staticCodec, type Upcaster, type WriterSchema } from './avro.ts';
export * from './codec.ts';
export * from './kafka.ts';
export * from './log.ts';
export * from './memory.ts';
export * from './order.ts';
export * from './partition.ts';
export {
  type AvroCodecOptions,
  avroCodec,
  type RegistryCodec,
  registerSchemas,
  SchemaNotRegistered,
} from './registry-codec.ts';
