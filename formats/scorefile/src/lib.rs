//! Reading and writing MIDI, MusicXML and ABC.
