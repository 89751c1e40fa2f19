//! Asks pkg-config where libfilestore_c is: PKG_CONFIG_PATH leads to one that is not installed for the whole system.

use std::env;
use std::process::{exit, Command};

const PACKAGE: &str = "filestore_c";

fn main() {
    for variable in ["PKG_CONFIG", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR", "PKG_CONFIG_SYSROOT_DIR"] {
        println!("cargo:rerun-if-env-changed={}", variable);
    }
    let is_static = env::var_os("CARGO_FEATURE_STATIC").is_some();
    let link_flags = if is_static { vec!["--static", "--libs"] } else { vec!["--libs"] };
    for flag in pkg_config(&link_flags).split_whitespace() {
        link(flag, is_static);
    }
    println!("cargo:rustc-env=FILESTORE_INCLUDE={}", pkg_config(&["--variable=includedir"]).trim());
}

fn link(flag: &str, is_static: bool) {
    if let Some(directory) = flag.strip_prefix("-L") {
        println!("cargo:rustc-link-search=native={}", directory);
    } else if let Some(library) = flag.strip_prefix("-l") {
        let kind = if is_static && library == PACKAGE { "static=" } else { "" };
        println!("cargo:rustc-link-lib={}{}", kind, library);
    }
}

fn pkg_config(arguments: &[&str]) -> String {
    let program = env::var("PKG_CONFIG").unwrap_or_else(|_| "pkg-config".into());
    match Command::new(&program).args(arguments).arg(PACKAGE).output() {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        Ok(output) => fail(&String::from_utf8_lossy(&output.stderr)),
        Err(error) => fail(&format!("{} cannot be run: {}", program, error)),
    }
}

fn fail(reason: &str) -> ! {
    eprintln!(
        "libfilestore_c was not found; install it, and set PKG_CONFIG_PATH where it is in a prefix of its own.\n{}",
        reason
    );
    exit(1);
}
