//! One canonical spelling in bytes of any serializable value, for hashing.
//!
//! Each value is a tag byte and its content; floats count by their bits (with one zero and one
//! NaN), maps are sorted by the bytes of their keys, so no iteration order reaches a hash.

use serde::ser::{self, Serialize};
use std::fmt;

/// The canonical bytes of a value.
pub(crate) fn bytes<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    // Only a hand-written `Serialize` that fails on purpose can fail here; its message stands
    // for the value then, so that hashing itself cannot fail.
    if let Err(Custom(message)) = value.serialize(Writer(&mut out)) {
        out.push(b'!');
        text(&mut out, &message);
    }
    out
}

/// A message of a `Serialize` implementation.
#[derive(Debug)]
pub(crate) struct Custom(String);

impl fmt::Display for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Custom {}

impl ser::Error for Custom {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

type Done = Result<(), Custom>;

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

struct Writer<'a>(&'a mut Vec<u8>);

impl Writer<'_> {
    fn integer(self, value: i128) -> Done {
        self.0.push(b'i');
        self.0.extend(value.to_le_bytes());
        Ok(())
    }
}

impl<'a> ser::Serializer for Writer<'a> {
    type Ok = ();
    type Error = Custom;
    type SerializeSeq = Sequence<'a>;
    type SerializeTuple = Sequence<'a>;
    type SerializeTupleStruct = Sequence<'a>;
    type SerializeTupleVariant = Sequence<'a>;
    type SerializeMap = Map<'a>;
    type SerializeStruct = Sequence<'a>;
    type SerializeStructVariant = Sequence<'a>;

    fn serialize_bool(self, v: bool) -> Done {
        self.0.extend([b'b', u8::from(v)]);
        Ok(())
    }
    fn serialize_i8(self, v: i8) -> Done {
        self.integer(v.into())
    }
    fn serialize_i16(self, v: i16) -> Done {
        self.integer(v.into())
    }
    fn serialize_i32(self, v: i32) -> Done {
        self.integer(v.into())
    }
    fn serialize_i64(self, v: i64) -> Done {
        self.integer(v.into())
    }
    fn serialize_i128(self, v: i128) -> Done {
        self.integer(v)
    }
    fn serialize_u8(self, v: u8) -> Done {
        self.integer(v.into())
    }
    fn serialize_u16(self, v: u16) -> Done {
        self.integer(v.into())
    }
    fn serialize_u32(self, v: u32) -> Done {
        self.integer(v.into())
    }
    fn serialize_u64(self, v: u64) -> Done {
        self.integer(v.into())
    }
    fn serialize_f32(self, v: f32) -> Done {
        self.serialize_f64(v.into())
    }
    fn serialize_f64(self, v: f64) -> Done {
        let v = if v == 0.0 {
            0.0
        } else if v.is_nan() {
            f64::NAN
        } else {
            v
        };
        self.0.push(b'f');
        self.0.extend(v.to_bits().to_le_bytes());
        Ok(())
    }
    fn serialize_char(self, v: char) -> Done {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, v: &str) -> Done {
        self.0.push(b's');
        text(self.0, v);
        Ok(())
    }
    fn serialize_bytes(self, v: &[u8]) -> Done {
        self.0.push(b'x');
        self.0.extend((v.len() as u64).to_le_bytes());
        self.0.extend(v);
        Ok(())
    }
    fn serialize_none(self) -> Done {
        self.0.push(b'n');
        Ok(())
    }
    fn serialize_some<T: Serialize + ?Sized>(self, v: &T) -> Done {
        self.0.push(b'o');
        v.serialize(self)
    }
    fn serialize_unit(self) -> Done {
        self.0.push(b'u');
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Done {
        self.serialize_unit()
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Done {
        self.0.push(b'v');
        text(self.0, variant);
        Ok(())
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, v: &T) -> Done {
        v.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        v: &T,
    ) -> Done {
        self.0.push(b'w');
        text(self.0, variant);
        v.serialize(self)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Sequence<'a>, Custom> {
        self.0.push(b'[');
        Ok(Sequence(self.0))
    }
    fn serialize_tuple(self, _: usize) -> Result<Sequence<'a>, Custom> {
        self.serialize_seq(None)
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Sequence<'a>, Custom> {
        self.serialize_seq(None)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Sequence<'a>, Custom> {
        self.0.push(b'w');
        text(self.0, variant);
        self.0.push(b'[');
        Ok(Sequence(self.0))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Map<'a>, Custom> {
        Ok(Map {
            out: self.0,
            key: Vec::new(),
            rows: Vec::new(),
        })
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Sequence<'a>, Custom> {
        self.0.push(b'{');
        Ok(Sequence(self.0))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Sequence<'a>, Custom> {
        self.0.push(b'w');
        text(self.0, variant);
        self.0.push(b'{');
        Ok(Sequence(self.0))
    }
    fn is_human_readable(&self) -> bool {
        true
    }
}

/// Elements or named fields in their order, then an end mark.
pub(crate) struct Sequence<'a>(&'a mut Vec<u8>);

impl Sequence<'_> {
    fn close(self) -> Done {
        self.0.push(b';');
        Ok(())
    }
}

macro_rules! sequence {
    ($($of:ident $method:ident),*) => {$(
        impl ser::$of for Sequence<'_> {
            type Ok = ();
            type Error = Custom;
            fn $method<T: Serialize + ?Sized>(&mut self, v: &T) -> Done {
                v.serialize(Writer(self.0))
            }
            fn end(self) -> Done {
                self.close()
            }
        }
    )*};
}
sequence!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

macro_rules! fields {
    ($($of:ident),*) => {$(
        impl ser::$of for Sequence<'_> {
            type Ok = ();
            type Error = Custom;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, k: &'static str, v: &T) -> Done {
                text(self.0, k);
                v.serialize(Writer(self.0))
            }
            fn end(self) -> Done {
                self.close()
            }
        }
    )*};
}
fields!(SerializeStruct, SerializeStructVariant);

/// Pairs, sorted at the end.
pub(crate) struct Map<'a> {
    out: &'a mut Vec<u8>,
    key: Vec<u8>,
    rows: Vec<(Vec<u8>, Vec<u8>)>,
}

impl ser::SerializeMap for Map<'_> {
    type Ok = ();
    type Error = Custom;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, k: &T) -> Done {
        self.key = bytes(k);
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, v: &T) -> Done {
        self.rows.push((std::mem::take(&mut self.key), bytes(v)));
        Ok(())
    }
    fn end(mut self) -> Done {
        self.rows.sort();
        self.out.push(b'm');
        self.out.extend((self.rows.len() as u64).to_le_bytes());
        for (key, value) in self.rows {
            self.out.extend(key);
            self.out.extend(value);
        }
        Ok(())
    }
}
