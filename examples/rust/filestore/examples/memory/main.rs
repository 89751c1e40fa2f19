//! A store in memory, which a service of the library stands on: what a test of a program would store its files in.
//!
//! usage: memory TEXT...

use filestore::{Backend, Options, Result, Service, UploadOptions};

mod store;

fn run(texts: &[String]) -> Result<()> {
    let backend = Backend::custom(store::MemoryStore::default(), None)?;
    let mut options = Options::new()?;
    options.set("catalogue_path", "off")?;
    let service = Service::open_on(&backend, &options)?;
    for text in texts {
        service.upload_bytes(text, &UploadOptions::new().path(text))?;
    }
    for file in service.files() {
        let file = file?;
        let info = service.metadata(&file.id, &Default::default())?;
        println!("{} {} {}", info.id, info.size, info.path);
    }
    Ok(())
}

fn main() {
    let texts: Vec<String> = std::env::args().skip(1).collect();
    if texts.is_empty() {
        eprintln!("usage: memory TEXT...");
        std::process::exit(2);
    }
    if let Err(error) = run(&texts) {
        eprintln!("memory: {}", error);
        std::process::exit(1);
    }
}
