/** JSON in which bytes, such as what is sealed, are base64 and not a list of numbers. */
export const toJson = (value: unknown, indent = 0): string =>
  JSON.stringify(
    value,
    // By the time it is asked, a Buffer has made itself a list already; what holds it has not.
    function (this: Readonly<Record<string, unknown>>, key, plain) {
      const held = this[key];
      return held instanceof Uint8Array ? Buffer.from(held).toString('base64') : plain;
    },
    indent,
  );
