const page = location.pathname === "/" ? "all notes" : `note ${location.pathname.slice(1)}`;
document.querySelector("#app").textContent = page;
