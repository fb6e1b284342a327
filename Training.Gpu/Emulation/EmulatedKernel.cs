using System.Reflection;
using System.Reflection.Emit;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Training.Gpu.Emulation;

/// <summary>What a thread of an emulated grid reads.</summary>
internal unsafe struct ThreadPlace
{
    /// <summary>The parameters, 8 bytes each.</summary>
    public long* Parameters;

    /// <summary>The thread's registers that must outlive a barrier, 8 bytes each.</summary>
    public long* Kept;

    /// <summary>The block's shared memory.</summary>
    public byte* Shared;

    public int Thread, BlockX, BlockY, BlocksX, BlocksY;
}

/// <summary>
/// A kernel as a method of .NET, instruction for instruction: it runs one thread from one barrier to the next. Additions, products,
/// quotients and fused multiply-adds of .NET are those of IEEE 754, as the GPU's are.
/// </summary>
internal sealed class EmulatedKernel
{
    /// <summary>What a run returns of a thread that has ended.</summary>
    public const int Ended = -1;

    private static readonly MethodInfo FusedSingle = Method(nameof(Fused), typeof(float), typeof(float), typeof(float));
    private static readonly MethodInfo FusedDouble = Method(nameof(Fused), typeof(double), typeof(double), typeof(double));
    private static readonly MethodInfo Check = typeof(EmulatedMemory).GetMethod(nameof(EmulatedMemory.Check))!;

    private readonly KernelCode _code;
    private readonly ILGenerator _il;
    private readonly LocalBuilder[] _locals;
    private readonly Dictionary<long, Label> _labels = [];
    private readonly List<int> _keptRegisters = [];
    private readonly List<Label> _resumes = [];

    private EmulatedKernel(KernelCode code)
    {
        _code = code;
        var method = new DynamicMethod(
            code.Name, typeof(int), [typeof(ThreadPlace).MakeByRefType(), typeof(int)], typeof(EmulatedKernel).Module, skipVisibility: true);
        _il = method.GetILGenerator();
        _locals = [.. code.Registers.Select(type => _il.DeclareLocal(TypeOf(type)))];
        FindKept();
        Compile();
        Run = method.CreateDelegate<Body>();
    }

    /// <summary>Runs a thread from a barrier, by its number, or from the start, 0.</summary>
    /// <returns>The number to continue from behind the barrier it has come to, or <see cref="Ended"/>.</returns>
    public delegate int Body(ref ThreadPlace place, int from);

    /// <summary>Runs a thread to its next barrier.</summary>
    public Body Run { get; }

    /// <summary>How many registers outlive barriers.</summary>
    public int Kept => _keptRegisters.Count;

    /// <summary>The numbers that stand for barriers of the whole grid.</summary>
    public IReadOnlySet<int> GridBarriers { get; } = new HashSet<int>();

    /// <summary>Compiles a kernel.</summary>
    public static EmulatedKernel Of(KernelCode code) => new(code);

    /// <summary>a · b + c, rounded once.</summary>
    public static float Fused(float a, float b, float c) =>
        SingleRounding.IsHardwareAccelerated ? MathF.FusedMultiplyAdd(a, b, c) : SingleRounding.MultiplyAdd(a, b, c);

    /// <summary>a · b + c, rounded once.</summary>
    public static double Fused(double a, double b, double c) => Math.FusedMultiplyAdd(a, b, c);

    /// <summary>A register whose every reader and writer lie in one run of instructions need not be kept.</summary>
    private void FindKept()
    {
        int[] block = new int[_code.Registers.Count];
        bool[] kept = new bool[block.Length];
        int current = 1;
        foreach (var one in _code.Instructions)
        {
            for (int i = 0; i < one.Reads; i++)
                Note(one.Read(i));
            if (one.HasResult)
                Note(one.Result);
            if (one.EndsBlock)
                current++;
        }

        for (int register = 0; register < kept.Length; register++)
        {
            if (kept[register])
                _keptRegisters.Add(register);
        }

        void Note(Operand operand)
        {
            if (operand.IsConstant)
                return;
            ref int first = ref block[operand.Register];
            kept[operand.Register] |= first != 0 && first != current;
            first = current;
        }
    }

    private void Compile()
    {
        int barriers = _code.Instructions.Count(one => one.Operation is Operation.Barrier or Operation.GridBarrier);
        for (int i = 0; i < barriers; i++)
            _resumes.Add(_il.DefineLabel());
        var start = _il.DefineLabel();
        _il.Emit(OpCodes.Ldarg_1);
        _il.Emit(OpCodes.Switch, [start, .. _resumes]);
        _il.MarkLabel(start);
        int next = 0;
        foreach (var one in _code.Instructions)
        {
            if (one.Operation is Operation.Barrier or Operation.GridBarrier)
                Pause(++next, one.Operation == Operation.GridBarrier);
            else
                Emit(one);
        }
    }

    private void Pause(int number, bool spansGrid)
    {
        if (spansGrid)
            ((HashSet<int>)GridBarriers).Add(number);
        for (int i = 0; i < _keptRegisters.Count; i++)
        {
            PlaceOf(i);
            _il.Emit(OpCodes.Ldloc, _locals[_keptRegisters[i]]);
            StoreTo(_code.Registers[_keptRegisters[i]]);
        }

        _il.Emit(OpCodes.Ldc_I4, number);
        _il.Emit(OpCodes.Ret);
        _il.MarkLabel(_resumes[number - 1]);
        for (int i = 0; i < _keptRegisters.Count; i++)
        {
            PlaceOf(i);
            LoadFrom(_code.Registers[_keptRegisters[i]]);
            _il.Emit(OpCodes.Stloc, _locals[_keptRegisters[i]]);
        }
    }

    private void PlaceOf(int kept)
    {
        Field(nameof(ThreadPlace.Kept));
        _il.Emit(OpCodes.Ldc_I4, kept * sizeof(long));
        _il.Emit(OpCodes.Add);
    }

    private void Emit(Instruction one)
    {
        switch (one.Operation)
        {
            case Operation.Label:
                _il.MarkLabel(LabelOf(one.A));
                return;
            case Operation.Branch:
                _il.Emit(OpCodes.Br, LabelOf(one.A));
                return;
            case Operation.BranchUnless:
                Push(one.A);
                _il.Emit(OpCodes.Brfalse, LabelOf(one.B));
                return;
            case Operation.Exit:
                _il.Emit(OpCodes.Ldc_I4, Ended);
                _il.Emit(OpCodes.Ret);
                return;
            case Operation.Store or Operation.StoreShared:
                Address(one, one.Operation == Operation.StoreShared);
                Push(one.C);
                StoreTo(one.Type);
                return;
            default:
                Value(one);
                _il.Emit(OpCodes.Stloc, _locals[one.Result.Register]);
                return;
        }
    }

    private void Value(Instruction one)
    {
        switch (one.Operation)
        {
            case Operation.Move:
                Push(one.A);
                return;
            case Operation.Add:
                Binary(one, OpCodes.Add);
                return;
            case Operation.Subtract:
                Binary(one, OpCodes.Sub);
                return;
            case Operation.Multiply:
                Binary(one, OpCodes.Mul);
                return;
            case Operation.Divide:
                Binary(one, OpCodes.Div);
                return;
            case Operation.Remainder:
                Binary(one, OpCodes.Rem);
                return;
            case Operation.And:
                Binary(one, OpCodes.And);
                return;
            case Operation.Or:
                Binary(one, OpCodes.Or);
                return;
            case Operation.Xor:
                Binary(one, OpCodes.Xor);
                return;
            case Operation.ShiftLeft:
                Binary(one, OpCodes.Shl);
                return;
            case Operation.ShiftRight:
                Binary(one, OpCodes.Shr_Un);
                return;
            case Operation.ShiftRightArithmetic:
                Binary(one, OpCodes.Shr);
                return;
            case Operation.Negate:
                Push(one.A);
                _il.Emit(OpCodes.Neg);
                return;
            case Operation.FusedMultiplyAdd:
                Push(one.A);
                Push(one.B);
                Push(one.C);
                _il.Emit(OpCodes.Call, one.Type == RegisterType.F32 ? FusedSingle : FusedDouble);
                return;
            case Operation.WideMultiplyAdd:
                Push(one.A);
                _il.Emit(OpCodes.Conv_I8);
                Push(one.B);
                _il.Emit(OpCodes.Conv_I8);
                _il.Emit(OpCodes.Mul);
                Push(one.C);
                _il.Emit(OpCodes.Add);
                return;
            case Operation.Convert:
                Push(one.A);
                Convert(one.Type, one.Result.Type);
                return;
            case Operation.Reinterpret:
                Push(one.A);
                _il.Emit(OpCodes.Call, typeof(BitConverter).GetMethod(Reinterpreter(one.Type))!);
                return;
            case Operation.Less:
                Binary(one, one.Type == RegisterType.I64 ? OpCodes.Clt_Un : OpCodes.Clt);
                return;
            case Operation.LessOrEqual:
                // Of whole numbers alone: not greater.
                Binary(one, OpCodes.Cgt);
                Not();
                return;
            case Operation.Equal:
                Binary(one, OpCodes.Ceq);
                return;
            case Operation.NotEqual:
                Binary(one, OpCodes.Ceq);
                Not();
                return;
            case Operation.Select:
                Select(one);
                return;
            case Operation.Parameter:
                Field(nameof(ThreadPlace.Parameters));
                _il.Emit(OpCodes.Ldc_I4, (int)one.A.Bits * sizeof(long));
                _il.Emit(OpCodes.Add);
                LoadFrom(one.Type);
                return;
            case Operation.Load or Operation.LoadShared:
                Address(one, one.Operation == Operation.LoadShared);
                LoadFrom(one.Type);
                return;
            case Operation.SharedBase:
                _il.Emit(OpCodes.Ldc_I4_0);
                return;
            default:
                Field(Enum.GetName(one.Operation) is "ThreadIndex" ? nameof(ThreadPlace.Thread) : Enum.GetName(one.Operation)!);
                return;
        }
    }

    private void Select(Instruction one)
    {
        Label otherwise = _il.DefineLabel(), end = _il.DefineLabel();
        Push(one.A);
        _il.Emit(OpCodes.Brfalse, otherwise);
        Push(one.B);
        _il.Emit(OpCodes.Stloc, _locals[one.Result.Register]);
        _il.Emit(OpCodes.Br, end);
        _il.MarkLabel(otherwise);
        Push(one.C);
        _il.Emit(OpCodes.Stloc, _locals[one.Result.Register]);
        _il.MarkLabel(end);
        _il.Emit(OpCodes.Ldloc, _locals[one.Result.Register]);
    }

    private void Binary(Instruction one, OpCode code)
    {
        Push(one.A);
        Push(one.B);
        _il.Emit(code);
        if (one.Result.Type == RegisterType.F32)
            _il.Emit(OpCodes.Conv_R4);
    }

    private void Convert(RegisterType from, RegisterType to) => _il.Emit((from, to) switch
    {
        (RegisterType.F32, RegisterType.I32) => OpCodes.Conv_I4,
        (_, RegisterType.F64) => OpCodes.Conv_R8,
        (_, RegisterType.F32) => OpCodes.Conv_R4,
        (_, RegisterType.I64) => OpCodes.Conv_I8,
        _ => OpCodes.Conv_I4,
    });

    private static string Reinterpreter(RegisterType from) => from switch
    {
        RegisterType.F32 => nameof(BitConverter.SingleToInt32Bits),
        RegisterType.I32 => nameof(BitConverter.Int32BitsToSingle),
        RegisterType.F64 => nameof(BitConverter.DoubleToInt64Bits),
        _ => nameof(BitConverter.Int64BitsToDouble),
    };

    private void Not()
    {
        _il.Emit(OpCodes.Ldc_I4_0);
        _il.Emit(OpCodes.Ceq);
    }

    /// <summary>Pushes an address, checked to lie in memory that was allocated.</summary>
    private void Address(Instruction one, bool isShared)
    {
        if (isShared)
            Field(nameof(ThreadPlace.Shared));
        Push(one.A);
        _il.Emit(isShared ? OpCodes.Conv_I : OpCodes.Conv_I8);
        if (isShared)
            _il.Emit(OpCodes.Add);
        _il.Emit(OpCodes.Ldc_I4, (int)one.B.Bits);
        if (!isShared)
            _il.Emit(OpCodes.Conv_I8);
        _il.Emit(OpCodes.Add);
        if (isShared)
            return;
        _il.Emit(OpCodes.Ldc_I4, one.Type is RegisterType.I64 or RegisterType.F64 ? sizeof(long) : sizeof(int));
        _il.Emit(OpCodes.Call, Check);
    }

    private void Push(Operand operand)
    {
        if (!operand.IsConstant)
            _il.Emit(OpCodes.Ldloc, _locals[operand.Register]);
        else if (operand.Type == RegisterType.F32)
            _il.Emit(OpCodes.Ldc_R4, BitConverter.UInt32BitsToSingle((uint)operand.Bits));
        else if (operand.Type == RegisterType.F64)
            _il.Emit(OpCodes.Ldc_R8, BitConverter.Int64BitsToDouble(operand.Bits));
        else if (operand.Type == RegisterType.I64)
            _il.Emit(OpCodes.Ldc_I8, operand.Bits);
        else
            _il.Emit(OpCodes.Ldc_I4, (int)operand.Bits);
    }

    private void LoadFrom(RegisterType type) => _il.Emit(type switch
    {
        RegisterType.F32 => OpCodes.Ldind_R4,
        RegisterType.F64 => OpCodes.Ldind_R8,
        RegisterType.I64 => OpCodes.Ldind_I8,
        _ => OpCodes.Ldind_I4,
    });

    private void StoreTo(RegisterType type) => _il.Emit(type switch
    {
        RegisterType.F32 => OpCodes.Stind_R4,
        RegisterType.F64 => OpCodes.Stind_R8,
        RegisterType.I64 => OpCodes.Stind_I8,
        _ => OpCodes.Stind_I4,
    });

    private void Field(string name)
    {
        _il.Emit(OpCodes.Ldarg_0);
        _il.Emit(OpCodes.Ldfld, typeof(ThreadPlace).GetField(name)!);
    }

    private Label LabelOf(Operand number)
    {
        if (!_labels.TryGetValue(number.Bits, out var label))
            _labels[number.Bits] = label = _il.DefineLabel();
        return label;
    }

    private static MethodInfo Method(string name, params Type[] types) => typeof(EmulatedKernel).GetMethod(name, types)!;

    private static Type TypeOf(RegisterType type) => type switch
    {
        RegisterType.F32 => typeof(float),
        RegisterType.F64 => typeof(double),
        RegisterType.I64 => typeof(long),
        _ => typeof(int),
    };
}
