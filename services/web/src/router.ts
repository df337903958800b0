/** Every screen, its address and its chunk. A new screen is one line here and a folder under screens/. */
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/', name: 'home', component: () => import('./screens/home/HomeScreen.vue'), meta: { title: 'Datasets' } },
  {
    path: '/datasets/new',
    name: 'register',
    component: () => import('./screens/datasets/RegisterScreen.vue'),
    meta: { title: 'Register a dataset' },
  },
  {
    path: '/registrations/:registration',
    name: 'registration',
    component: () => import('./screens/datasets/RegistrationScreen.vue'),
    props: true,
    meta: { title: 'Registration' },
  },
  {
    path: '/datasets/:dataset',
    name: 'dataset',
    component: () => import('./screens/datasets/DatasetScreen.vue'),
    props: true,
    meta: { title: 'Dataset' },
  },
  {
    path: '/datasets/:dataset/configs',
    name: 'configs',
    component: () => import('./screens/configs/ConfigsScreen.vue'),
    props: true,
    meta: { title: 'Configs' },
  },
  {
    path: '/datasets/:dataset/configs/new',
    name: 'new-config',
    component: () => import('./screens/wizard/BasicInfoScreen.vue'),
    props: true,
    meta: { title: 'New config' },
  },
  {
    path: '/datasets/:dataset/configs/new/features',
    name: 'new-features',
    component: () => import('./screens/builder/BuilderScreen.vue'),
    props: true,
    meta: { title: 'Features' },
  },
  {
    path: '/configs/:config/edit',
    name: 'edit-config',
    component: () => import('./screens/builder/BuilderScreen.vue'),
    props: true,
    meta: { title: 'Features' },
  },
  {
    path: '/configs/:config/quick-test',
    name: 'quick-test-start',
    component: () => import('./screens/quick-tests/StartScreen.vue'),
    props: true,
    meta: { title: 'Quick test' },
  },
  {
    path: '/quick-tests/:test',
    name: 'quick-test',
    component: () => import('./screens/quick-tests/TestScreen.vue'),
    props: true,
    meta: { title: 'Quick test' },
  },
  {
    path: '/datasets/:dataset/heatmap',
    name: 'heatmap',
    component: () => import('./screens/heatmap/HeatmapScreen.vue'),
    props: true,
    meta: { title: 'Heatmap' },
  },
  {
    path: '/datasets/:dataset/compare',
    name: 'compare',
    component: () => import('./screens/compare/CompareScreen.vue'),
    props: true,
    meta: { title: 'Compare' },
  },
  {
    path: '/:anything(.*)*',
    name: 'not-found',
    component: () => import('./screens/NotFoundScreen.vue'),
    meta: { title: 'Not there' },
  },
]

export const router = createRouter({ history: createWebHistory(), routes, scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 } })

router.afterEach((to) => {
  document.title = `${String(to.meta.title ?? '')} · Towerlab`
})
