// A file of its own, because the page's policy forbids scripts inside it.
window.addEventListener("load", () => {
  window.SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    // Asks a validator on the internet otherwise.
    validatorUrl: null,
  });
});
