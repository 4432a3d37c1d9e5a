//! What could grow without end: the peak of memory while a server sends it.
