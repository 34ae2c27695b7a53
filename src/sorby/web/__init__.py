"""The local page's server: routes translate, ``sorby.workflow`` does the work."""
