/** Light or dark: what the person chose, else what the system says. public/theme.js sets it before the first paint. */
import { ref } from 'vue'

const KEY = 'towerlab.theme'
const root = document.documentElement

export const isDark = ref(
  root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches,
)

export function switchTheme(): void {
  isDark.value = !isDark.value
  root.dataset.theme = isDark.value ? 'dark' : 'light'
  try {
    localStorage.setItem(KEY, root.dataset.theme)
  } catch {
    // a private window keeps nothing: the choice lasts as long as the page
  }
}
