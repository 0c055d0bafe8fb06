//! The Python module of byop.
