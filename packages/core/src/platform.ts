/** A normalised platform: `linux/amd64`, `linux/arm64/v8`, `linux/arm/v7`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}
