"""What calls evaluate to: objects made outside of the tree, what functions of the tree return, instances of its classes."""

from __future__ import annotations

from graphinv.ingest.support.javascript import ir
from graphinv.ingest.support.javascript.evaluate import Expressions
from graphinv.ingest.support.javascript.members import array_method, global_call, text_method
from graphinv.ingest.support.javascript.values import (
    Bound,
    ClassV,
    Const,
    DictV,
    External,
    Frame,
    FunctionV,
    ListV,
    Made,
    Unknown,
    Value,
    either,
)
from graphinv.ingest.support.words import names

MAX_FRAMES_OF_FUNCTION = 200
MAX_FRAMES_OF_HELPER = 12
"""Calls of a function that makes nothing; what it returns to further ones is evaluated without their arguments."""
MAX_NESTED_CALLS = 8
METHODS = names(
    "tool registerTool registerToolTask addTool addTools registerAppTool setRequestHandler push unshift addNode addEdge "
    "addConditionalEdges addSequence compile setEntryPoint setFinishPoint then branch parallel dountil dowhile "
    "doUntil doWhile foreach forEach step after map flatMap clone asTool create commit getAgent getAgentById "
    "getWorkflow getWorkflowById bindTools tools getTools listTools getToolsets listToolsets "
    "defineAgent defineFlow definePrompt defineTool defineInterrupt dynamicTool generate generateStream chat"
)
"""Methods whose calls can matter on any object."""
LOOKUPS = {"getAgent": "agent", "getAgentById": "agent", "getWorkflow": "workflow", "getWorkflowById": "workflow"}
"""Methods that look something up by a name it is registered under, on an object that is known only when it runs."""


class Evaluator(Expressions):
    """Evaluates expressions of the modules of a root."""

    # ---- calls --------------------------------------------------------------------------------------------------------------

    def call(self, expr: ir.Call, function: int, frame: Frame) -> Value:
        """What a call gives; the same call in the same frame is evaluated once."""
        if expr.site in frame.sites:
            return frame.sites[expr.site]
        frame.sites[expr.site] = Unknown(frame.module.path, expr.line, "it is made from itself")
        result = self._call(expr, function, frame)
        frame.sites[expr.site] = result
        return result

    def _call(self, expr: ir.Call, function: int, frame: Frame) -> Value:
        path = frame.module.path
        func = expr.func
        if isinstance(func, ir.Name) and func.id in ("require", "import") and expr.args:
            specifier = self.value(expr.args[0], function, frame).text()
            return (
                self.imported(path, specifier, "*", expr.line)
                if specifier
                else Unknown(path, expr.line, "it is imported by a computed name")
            )
        if isinstance(func, ir.Attr) and func.attr in LOOKUPS and expr.args:
            return self.make(Made(path, expr.line, f"?.{func.attr}", "", expr, frame, function, self._read))
        results = [self._called(callee, expr, function, frame) for callee in self.value(func, function, frame).options()[:8]]
        return results[0] if len(results) == 1 else either(path, expr.line, results)

    def arguments(self, expr: ir.Call, function: int, frame: Frame) -> tuple[Value, ...]:
        """The values of a call's arguments."""
        return tuple(self._elements(expr.args, function, frame))

    def _called(self, callee: Value, expr: ir.Call, function: int, frame: Frame) -> Value:  # noqa: PLR0911 - one case per kind of callee
        path = frame.module.path
        if isinstance(callee, FunctionV):
            return self.enter(callee, self.arguments(expr, function, frame), (path, expr.site, *frame.key), expr.line)
        if isinstance(callee, External):
            if not callee.package:
                found = global_call(callee.dotted, self.arguments(expr, function, frame), path, expr.line)
                if found is not None:
                    return found
            return self.make(Made(path, expr.line, callee.dotted, callee.package, expr, frame, function, self._read))
        if isinstance(callee, ClassV):
            return self._instance(callee, expr, function, frame)
        if isinstance(callee, Bound):
            return self._method(callee, expr, function, frame)
        if isinstance(callee, Unknown):
            return Unknown(path, expr.line, callee.reason)
        return Unknown(path, expr.line, "what is called is known only when it runs")

    def _method(self, callee: Bound, expr: ir.Call, function: int, frame: Frame) -> Value:
        path, receiver = frame.module.path, callee.receiver
        if isinstance(receiver, (ListV, DictV)) or callee.attr in ("then", "bind"):
            arguments = self.arguments(expr, function, frame)

            def run(callback: Value, given: tuple[Value, ...], number: int) -> Value:
                if isinstance(callback, FunctionV):
                    return self.enter(callback, given, (path, expr.site, number, *frame.key), expr.line)
                return Unknown(path, expr.line, "what is called is known only when it runs")

            found = array_method(receiver, callee.attr, arguments, run, path, expr.line)
            if found is not None:
                return found
        if isinstance(receiver, Const):
            return text_method(receiver, callee.attr, path, expr.line)
        if isinstance(receiver, Made):
            made = Made(
                path, expr.line, f"{receiver.callee}.{callee.attr}", receiver.package, expr, frame, function, self._read, None, receiver
            )
            return self.make(made)
        if isinstance(receiver, Bound):
            root: Value = receiver
            names = [callee.attr]
            while isinstance(root, Bound):
                names.append(root.attr)
                root = root.receiver
            if isinstance(root, Made):
                dotted = ".".join([root.callee, *reversed(names)])
                return self.make(Made(path, expr.line, dotted, root.package, expr, frame, function, self._read, None, root))
        return Unknown(path, expr.line, f"it is what {callee.attr[:60]!r} gives")

    def make(self, made: Made) -> Made:
        """``made`` itself, noted down."""
        self.made.setdefault(made.key, made)
        return made

    def _instance(self, cls: ClassV, expr: ir.Call, function: int, frame: Frame) -> Value:
        path = frame.module.path
        base: Value | None = cls
        for _ in range(8):
            if not isinstance(base, ClassV):
                break
            base = self.base(base)
        outside = base if isinstance(base, External) else None
        made = Made(
            path,
            expr.line,
            outside.dotted if outside else "",
            outside.package if outside else "",
            expr,
            frame,
            function,
            self._read,
            cls,
            None,
            self._constructor(cls, expr, function, frame),
        )
        if made.inside is not None:
            made.inside.this = made
        return self.make(made)

    def _constructor(self, cls: ClassV, expr: ir.Call, function: int, frame: Frame) -> Frame | None:
        if cls.cls.constructor < 0:
            return None
        key = (frame.module.path, expr.site, *frame.key)
        inside = Frame(cls.module, cls.cls.constructor, self.arguments(expr, function, frame), cls.frame, key[:24])
        of_class = self.frames[cls.module.path, cls.cls.constructor]
        if len(of_class) < MAX_FRAMES_OF_FUNCTION:
            of_class.append(inside)
            self.pending.append((FunctionV(cls.path, cls.line, cls.module, cls.cls.constructor, cls.frame), inside))
        return inside

    def _read(self, made: Made) -> tuple[Value, ...]:
        """The arguments of ``made``; of a class of the tree what it gives to its outside base."""
        given = self.arguments(made.call, made.function, made.frame)
        cls, inside = made.cls, made.inside
        for _ in range(8):
            if cls is None:
                break
            if cls.cls.supers is not None:
                exprs, scope = cls.cls.supers
                holder = inside if inside is not None else cls.frame
                given = tuple(self._elements(exprs, cls.module.scopes[scope].function, holder))
            base = self.base(cls)
            cls, inside = (base if isinstance(base, ClassV) else None), None
        return given

    def frame_of(self, callee: FunctionV, call: ir.Call, frame: Frame) -> Frame:
        """The frame of a function for one call of it that was evaluated; where that call was not followed, one without arguments."""
        key = (callee.module.path, callee.index, frame.module.path, call.site, *frame.key)
        return self.entered.get(key, callee.frame)

    def makes(self, module: ir.Module, index: int) -> bool:
        """Whether the body of a function makes or changes something that each of its calls does anew."""
        key = (module.path, index)
        if key not in self.makers:
            stack, found = [index], False
            while stack and not found:
                function = module.functions[stack.pop()]
                stack.extend(function.inner)
                for call in function.calls:
                    func = call.func
                    outside = isinstance(func, ir.Name) and func.id in module.imports
                    found = found or call.new or outside or (isinstance(func, ir.Attr) and func.attr in METHODS)
            self.makers[key] = found
        return self.makers[key]

    def enter(self, callee: FunctionV, args: tuple[Value, ...], key: tuple[object, ...], line: int) -> Value:
        """What a function of the tree returns for ``args``."""
        function = callee.function
        if len(key) > 3 * MAX_NESTED_CALLS:
            return Unknown(callee.path, line, "calls are nested deeper than is followed")
        where = (callee.module.path, callee.index)
        makes = self.makes(callee.module, callee.index)
        known = self.entered.get((*where, *key))
        if known is None:
            frames = self.frames[where]
            if len(frames) >= (MAX_FRAMES_OF_FUNCTION if makes else MAX_FRAMES_OF_HELPER):
                if makes:
                    return Unknown(callee.path, line, "a function is called more often than is followed")
                known = self.entered.setdefault(where, Frame(callee.module, callee.index, None, callee.frame, ("any", *where)))
            else:
                known = Frame(callee.module, callee.index, args, callee.frame, key, callee.frame.this)
                self.entered[(*where, *key)] = known
                frames.append(known)
                if makes:
                    self.pending.append((callee, known))
        if not function.returns:
            return Const(callee.path, line, None)
        return either(callee.path, line, [self.value(one, callee.index, known) for one in function.returns])
