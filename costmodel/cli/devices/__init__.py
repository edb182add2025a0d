"""Commands about real devices: batteries, traces, firmware."""
