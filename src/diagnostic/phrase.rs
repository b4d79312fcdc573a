pub fn backticked(n:&str)->String{format!("`{n}`")}
pub fn and_list(n:&[&str])->String{n.join(", ")}
pub fn or_list(n:&[&str])->String{n.join(", ")}
pub fn did_you_mean<'a>(n:&[&'a str], s:&str)->Option<&'a str>{None}
pub fn with_article(n:&str)->String{format!("a {n}")}
pub fn uncapitalised(n:&str)->String{n.into()}
