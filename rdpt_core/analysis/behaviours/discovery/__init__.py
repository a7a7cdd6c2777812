"""Which kinds carry a label more often than their traces do, with error control."""
