// Before the first paint: the theme that was chosen. A file, because the policy allows no inline script.
;(() => {
  let chosen = null
  try {
    chosen = localStorage.getItem('towerlab.theme')
  } catch {
    // storage is closed to this page: the system's theme it is
  }
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen
})()
