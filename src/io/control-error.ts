import { AddressError } from "../address/index.ts";
import { MappingError } from "../core/mapping/mapping-error.ts";

/** What a control request asked for and could not have; `status` is HTTP's. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  readonly code = "DRTM_CONTROL";
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** Who asks is at fault where what was asked for cannot be; else it is this process, which could not do it. RFC 9110 section 15. */
export function statusFor(error: unknown): number {
  if (error instanceof ControlError) return error.status;
  return error instanceof AddressError || error instanceof MappingError ? 400 : 500;
}
