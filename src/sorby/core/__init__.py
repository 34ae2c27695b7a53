"""Ground floor: what every other room stands on (errors, records, registry, tiles, units)."""
