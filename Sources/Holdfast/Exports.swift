/// Whoever imports Holdfast can name keys, revisions, requests and errors.
@_exported public import HoldfastCore
