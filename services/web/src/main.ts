/** Where the page begins. */
import { VueQueryPlugin } from '@tanstack/vue-query'
import { createApp } from 'vue'
import '@fontsource-variable/inter/wght.css'
import '@fontsource-variable/jetbrains-mono/wght.css'
import './styles/tokens.css'
import './styles/base.css'
import App from './App.vue'
import { queryClient } from './api/queries'
import { router } from './router'

// a chunk of an older build is gone: the newer page has it
addEventListener('vite:preloadError', () => location.reload())

createApp(App).use(router).use(VueQueryPlugin, { queryClient: queryClient() }).mount('#app')
