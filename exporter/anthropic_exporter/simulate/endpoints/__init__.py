"""The endpoints of the fake Admin API, one module per family; each is a function from a call to the JSON answer."""
