import { defineConfig } from "vite";

// The page is served by `sorby app`. `npm run dev` passes what it asks for on to that server:
// open the address that `sorby app --port 8765` prints, with the port of Vite in it.
const server = "http://127.0.0.1:8765";

export default defineConfig({
  base: "/",
  build: {
    outDir: "../src/sorby/web/static",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the content security policy allows no data: address
    modulePreload: { polyfill: false }, // it would need an inline script
    target: "es2022",
  },
  server: {
    proxy: {
      "/api": {
        target: server,
        changeOrigin: true,
        // The server refuses requests of other origins; Vite stands in for it while developing.
        configure: (proxy) =>
          proxy.on("proxyReq", (request) => request.setHeader("origin", server)),
      },
    },
  },
});
