import { RdataError } from "./record.ts";
import { RdataReader, concatBytes, uint32Bytes } from "./rdata-reader.ts";

/** A place on WGS 84 (RFC 1876). Degrees (north and east positive, exact to 1/3,600,000) and metres. */
export interface Location {
  readonly latitude: number;
  readonly longitude: number;
  readonly altitude: number;
  /** Diameters of a sphere around the place and of its uncertainty, each one digit times a power of ten. */
  readonly size: number;
  readonly horizontalPrecision: number;
  readonly verticalPrecision: number;
}

/** RFC 1876 section 3: what the text form leaves out. */
export const LOC_DEFAULTS = { size: 1, horizontalPrecision: 10_000, verticalPrecision: 10 } as const;

/** The equator, the prime meridian: angles are thousandths of a second of arc above or below 2^31. */
const ORIGIN = 2 ** 31;
const UNITS_PER_DEGREE = 3_600_000;
/** Altitude zero: centimetres above 100,000 m below the reference spheroid. */
const ALTITUDE_ORIGIN_CM = 10_000_000;

/** Throws RdataError. */
export function decodeLoc(bytes: Uint8Array): Location {
  const reader = new RdataReader("LOC", bytes);
  const version = reader.uint8("version");
  if (version !== 0) reader.fail(`has version ${version}: only 0 is defined`);
  const size = readExtent(reader, "size");
  const horizontalPrecision = readExtent(reader, "horizontal precision");
  const verticalPrecision = readExtent(reader, "vertical precision");
  const latitude = readAngle(reader, 90, "latitude");
  const longitude = readAngle(reader, 180, "longitude");
  const altitude = (reader.uint32("altitude") - ALTITUDE_ORIGIN_CM) / 100;
  reader.end();
  return { latitude, longitude, altitude, size, horizontalPrecision, verticalPrecision };
}

/** Throws RdataError where a field is out of range. */
export function encodeLoc(location: Location): Uint8Array {
  const { size, horizontalPrecision, verticalPrecision } = location;
  return concatBytes([
    Uint8Array.from([0, ...[size, horizontalPrecision, verticalPrecision].map(encodeExtent)]),
    uint32Bytes(encodeAngle(location.latitude, 90, "latitude")),
    uint32Bytes(encodeAngle(location.longitude, 180, "longitude")),
    uint32Bytes(encodeAltitude(location.altitude)),
  ]);
}

function readExtent(reader: RdataReader, what: string): number {
  const octet = reader.uint8(what);
  const digit = octet >>> 4;
  const power = octet & 15;
  if (digit > 9 || power > 9) reader.fail(`has a ${what} that is no digit times a power of ten`);
  return (digit * 10 ** power) / 100;
}

/** One digit and a power of ten, in centimetres; what lies between is rounded down, as named and ldns do. */
function encodeExtent(metres: number): number {
  let digit = Math.round(metres * 100);
  if (!(digit >= 0 && digit <= 9e9)) throw new RdataError("LOC", `has an extent of ${metres} m: 0 to 90,000,000 m`);
  let power = 0;
  for (; digit >= 10; power++) digit = Math.floor(digit / 10);
  return digit * 16 + power;
}

function readAngle(reader: RdataReader, most: number, what: string): number {
  const degrees = (reader.uint32(what) - ORIGIN) / UNITS_PER_DEGREE;
  if (Math.abs(degrees) > most) reader.fail(`has a ${what} beyond ${most} degrees`);
  return degrees;
}

function encodeAngle(degrees: number, most: number, what: string): number {
  if (!(Math.abs(degrees) <= most)) throw new RdataError("LOC", `has a ${what} beyond ${most} degrees`);
  return Math.round(degrees * UNITS_PER_DEGREE) + ORIGIN;
}

function encodeAltitude(metres: number): number {
  const value = Math.round(metres * 100) + ALTITUDE_ORIGIN_CM;
  if (!(value >= 0 && value <= 0xffffffff)) throw new RdataError("LOC", `has an altitude of ${metres} m`);
  return value;
}
