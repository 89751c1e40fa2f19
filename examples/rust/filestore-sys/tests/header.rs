//! The bindings beside the header that is installed: a C compiler says what that has.

use filestore_sys::*;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::{align_of, size_of, MaybeUninit};
use std::process::Command;
use std::{env, fs, process};

const BINDINGS: &str = include_str!("../src/bindings.rs");

fn header() -> String {
    fs::read_to_string(concat!(env!("FILESTORE_INCLUDE"), "/filestore.h")).expect("the installed header")
}

fn words_after<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(mark).skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

/// What the header declares: names in front of a parenthesis, in lines that are no comment.
fn declared_functions(header: &str) -> BTreeSet<String> {
    let code: String =
        header.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    code.split("FILESTORE_C_API ")
        .skip(1)
        .filter_map(|rest| {
            rest[..rest.find('(')?].split(|c: char| !c.is_alphanumeric() && c != '_').last().map(String::from)
        })
        .filter(|name| name.starts_with("filestore_"))
        .collect()
}

/// The macros of the header that have a number or a text.
fn defined_values(header: &str) -> BTreeSet<String> {
    header
        .lines()
        .filter_map(|line| line.strip_prefix("#define FILESTORE_"))
        .filter_map(|rest| rest.split_once(' '))
        .filter(|(name, _)| !matches!(*name, "C_API" | "NOEXCEPT"))
        .map(|(name, _)| format!("FILESTORE_{}", name))
        .collect()
}

/// What a C program prints that includes the header: name and number.
fn run_c(body: &str) -> BTreeMap<String, String> {
    let directory = env::temp_dir().join(format!("filestore-sys-{}-{}", process::id(), body.len()));
    fs::create_dir_all(&directory).unwrap();
    let (source, program) = (directory.join("values.c"), directory.join("values"));
    let text = format!(
        "#include <filestore.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void) {{\n{}return 0;\n}}\n",
        body
    );
    fs::write(&source, text).unwrap();
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".into());
    let compiled =
        Command::new(compiler).arg("-I").arg(env!("FILESTORE_INCLUDE")).arg(&source).arg("-o").arg(&program).status();
    assert!(compiled.expect("a C compiler").success());
    let output = Command::new(&program).output().unwrap();
    fs::remove_dir_all(&directory).unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect()
}

#[test]
fn every_function_is_bound() {
    let bound: BTreeSet<String> = words_after(BINDINGS, "pub fn ").map(String::from).collect();
    let declared = declared_functions(&header());
    assert!(declared.len() > 200, "{} functions: the header is not understood", declared.len());
    assert_eq!(declared, bound);
}

macro_rules! numbers {
    ($($name:ident)*) => { BTreeMap::from([$((stringify!($name).to_string(), ($name as u64).to_string())),*]) };
}

#[test]
fn every_constant_has_its_value() {
    let mut ours: BTreeMap<String, String> = numbers!(
        FILESTORE_VERSION_MAJOR
        FILESTORE_VERSION_MINOR
        FILESTORE_VERSION_PATCH
        FILESTORE_OK
        FILESTORE_INVALID_ARGUMENT
        FILESTORE_NOT_FOUND
        FILESTORE_ALREADY_EXISTS
        FILESTORE_PRECONDITION_FAILED
        FILESTORE_CONFLICT
        FILESTORE_PERMISSION_DENIED
        FILESTORE_UNAUTHENTICATED
        FILESTORE_RANGE_NOT_SATISFIABLE
        FILESTORE_RATE_LIMITED
        FILESTORE_TIMEOUT
        FILESTORE_CANCELLED
        FILESTORE_UNAVAILABLE
        FILESTORE_CORRUPT
        FILESTORE_UNSUPPORTED
        FILESTORE_NO_MEMORY
        FILESTORE_NO_SPACE
        FILESTORE_IO
        FILESTORE_SOURCE_FAILED
        FILESTORE_SINK_FAILED
        FILESTORE_REJECTED
        FILESTORE_CONFIGURATION
        FILESTORE_WOULD_DEADLOCK
        FILESTORE_FORKED
        FILESTORE_OUTCOME_UNKNOWN
        FILESTORE_INTERNAL
        FILESTORE_NOT_DELIVERED
        FILESTORE_ID_SIZE
        FILESTORE_COMPARES_UPLOADS
        FILESTORE_COMPARES_DELETIONS
        FILESTORE_MAY_STORE_LATE
        FILESTORE_UNKNOWN_SIZE
    );
    let version = std::str::from_utf8(&FILESTORE_VERSION[..FILESTORE_VERSION.len() - 1]).unwrap();
    ours.insert("FILESTORE_VERSION".into(), version.into());

    let defined = defined_values(&header());
    let print = |name: &String| match name.as_str() {
        "FILESTORE_VERSION" => format!("printf(\"{0} %s\\n\", {0});\n", name),
        _ => format!("printf(\"{0} %llu\\n\", (unsigned long long){0});\n", name),
    };
    assert_eq!(run_c(&defined.iter().map(print).collect::<String>()), ours);
}

macro_rules! places {
    ($table:ty: $($field:ident)*) => {{
        let table = MaybeUninit::<$table>::uninit();
        let start = table.as_ptr() as usize;
        // SAFETY: only addresses are made of it.
        BTreeMap::from([$((stringify!($field).to_string(), unsafe { std::ptr::addr_of!((*table.as_ptr()).$field) } as usize - start)),*])
    }};
}

#[test]
fn the_table_of_a_backend_is_laid_out_as_in_c() {
    let mut ours = places!(filestore_backend_table:
        struct_size abilities name destroy describe open_reader read close_reader open_writer write commit close_writer remove list presign
    );
    let print = |name: &String| format!("printf(\"{0} %zu\\n\", offsetof(filestore_backend_table, {0}));\n", name);
    let mut body = ours.keys().map(print).collect::<String>();
    body += "printf(\"size %zu\\nalignment %zu\\n\", sizeof(filestore_backend_table), _Alignof(filestore_backend_table));\n";
    ours.insert("size".into(), size_of::<filestore_backend_table>());
    ours.insert("alignment".into(), align_of::<filestore_backend_table>());
    let theirs = run_c(&body)
        .into_iter()
        .map(|(name, value)| (name, value.parse().unwrap()))
        .collect::<BTreeMap<String, usize>>();
    assert_eq!(theirs, ours);
}
