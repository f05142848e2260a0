export { AvroTables, type RecordSchema, staticCodec, type Upcaster, type WriterSchema } from './avro.ts';
export * from './codec.ts';
export * from './kafka.ts';
export * from './log.ts';
export * from './memory.ts';
export * from './order.ts';
export * from './partition.ts';
export {
  type RefusedSchema,
  type Registration,
  registerSchemas,
  SchemasRefused,
} from './registration.ts';
export {
  type RegisteredVersion,
  type RegistryApi,
  RegistryRefusal,
  registryApi,
  type Verdict,
} from './registry-api.ts';
export {
  type AvroCodecOptions,
  avroCodec,
  type RegistryCodec,
  SchemaNotRegistered,
  subjectOf,
} from './registry-codec.ts';
