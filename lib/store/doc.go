// Package store keeps what took long to make: trained nets, statistics, downloads. It
// is a folder of files, each under the hash of all that made it.
//
//	cache, err := store.Default()                            // $GONVERGE_CACHE or the user's cache folder
//	key := store.Key("net", recipe, data.Fingerprint(), 1)   // everything the result depends on
//	b, err := cache.Get("nets", key)                         // fs.ErrNotExist: make it
//	err = cache.Put("nets", key, b)
//
// A file appears whole or not at all: it is written under a temporary name in the same
// folder and renamed, so that a full disk, a crash or an interrupt leaves the old file.
// A header with version, length and SHA-256 tells a damaged file; Get moves such a file
// aside and says so in a [CorruptError]. [WriteFile] does the same writing for files
// without a header, such as pictures.
//
// What does not live here: what the bytes mean, when they are out of date (a changed
// input is another key), and any clearing of old files.
//
// A Store has no state beside its folder; several goroutines and processes may use one
// folder. Slices passed in are not kept. Kinds and keys that are no plain file names
// panic, and so does [Key] for values that JSON cannot carry.
package store
