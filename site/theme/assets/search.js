// Read before the theme's own script.

// The theme asks for the whole search index with every page. On a phone in a basement that is most of the page's
// weight: it is asked for when somebody first turns to the search box. The theme also looks for a sitemap beside each
// page and its translation, where there is none: that is never asked.
(() => {
  const turnedTo = new Promise((resolve) => {
    document.addEventListener("focusin", (event) => {
      if (event.target.matches?.("[data-md-component=search-query]")) resolve();
    });
    document.addEventListener("change", (event) => {
      if (event.target.id === "__search") resolve();
    });
  });
  const { open, send } = XMLHttpRequest.prototype;
  const later = new WeakSet();
  const never = new WeakSet();
  XMLHttpRequest.prototype.open = function (method, address, ...more) {
    if (String(address).endsWith("search_index.json")) later.add(this);
    if (String(address).endsWith("sitemap.xml")) never.add(this);
    return open.call(this, method, address, ...more);
  };
  XMLHttpRequest.prototype.send = function (...body) {
    if (never.has(this)) return;
    if (later.has(this)) turnedTo.then(() => send.apply(this, body));
    else send.apply(this, body);
  };
})();

// Pages opened from a folder may start no worker: there the theme's search runs in a hidden frame.
// It looks for the name IFrameWorker to find its word lists.
if (location.protocol === "file:") {
  window.IFrameWorker = class extends EventTarget {
    constructor(address) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      this.room = frame.contentWindow;
      this.room.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      this.room.importScripts = (...addresses) => addresses.reduce((before, next) => before.then(() => this.load(next)), Promise.resolve());
      this.ready = this.load(address);
    }

    load(address) {
      const script = this.room.document.createElement("script");
      script.src = new URL(address, location.href);
      return new Promise((loaded, failed) => {
        script.onload = loaded;
        script.onerror = failed;
        this.room.document.body.append(script);
      });
    }

    postMessage(data) {
      this.ready.then(() => this.room.dispatchEvent(new this.room.MessageEvent("message", { data })));
    }
  };
  window.Worker = window.IFrameWorker;
}
