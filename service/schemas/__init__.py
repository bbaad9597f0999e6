"""The forms of the interface: what is sent and what is answered, one module a resource."""
