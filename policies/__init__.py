"""Policies are pure: (facts, rules, calendar) → entitlements. No clock, no I/O, no database; nothing above is imported,
and devices are never met."""
