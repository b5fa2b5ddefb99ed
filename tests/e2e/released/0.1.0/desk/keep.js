const PREFIX='livefeed:desk:';const fallback=new Map();function storage(){try{return globalThis.localStorage;}catch{return null;}}
export function keep(name,value){fallback.set(name,value);try{storage().setItem(PREFIX+name,JSON.stringify(value));return true;}catch{return false;}}
export function kept(name){try{const text=storage()?.getItem(PREFIX+name);if(text!=null)return JSON.parse(text);}catch{}
return fallback.get(name);}
export function drop(name){fallback.delete(name);storage()?.removeItem(PREFIX+name);}
export function keptNames(start){const names=new Set(fallback.keys());for(const key of Object.keys(storage()??{}))if(key.startsWith(PREFIX))names.add(key.slice(PREFIX.length));return[...names].filter((name)=>name.startsWith(start));}