export interface Place {
  /** Degrees, north and east positive. */
  readonly latitude: number;
  readonly longitude: number;
}

const EARTH_RADIUS_KM = 6371;
/** Light in glass. */
const KM_PER_MS = 200;
/** Cables do not lie on great circles. */
const DETOUR = 1.4;
const LAST_MILES_MS = 0.5;

/** Round-trip time between two places over the Internet, in milliseconds, as a rule of thumb. */
export function estimatedRttMs(a: Place, b: Place): number {
  return LAST_MILES_MS + (2 * DETOUR * greatCircleKm(a, b)) / KM_PER_MS;
}

/** Haversine formula. */
function greatCircleKm(a: Place, b: Place): number {
  const [latitudeA, latitudeB] = [radians(a.latitude), radians(b.latitude)];
  const north = Math.sin((latitudeB - latitudeA) / 2) ** 2;
  const east = Math.sin(radians(b.longitude - a.longitude) / 2) ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(north + Math.cos(latitudeA) * Math.cos(latitudeB) * east));
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
