/** Our own lint rules, loaded by oxlint as a plugin. */
const noModuleState = {
  meta: {
    type: "problem",
    messages: {
      state:
        "Module-level `{{kind}}` is state that two apps in one process would share. Make it a field of what owns it.",
    },
  },
  create(context) {
    return {
      VariableDeclaration(node) {
        const atTop = node.parent?.type === "Program" || node.parent?.type === "ExportNamedDeclaration";
        if (atTop && node.kind !== "const") context.report({ node, messageId: "state", data: { kind: node.kind } });
      },
    };
  },
};

export default { meta: { name: "house" }, rules: { "no-module-state": noModuleState } };
