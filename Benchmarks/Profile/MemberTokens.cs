using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace Orleans.Tbptt.Benchmarks.Profile;

/// <summary>Adds references to types and methods to an assembly's metadata (ECMA-335, II.22 and II.23).</summary>
internal sealed class MemberTokens(MetadataBuilder metadata)
{
    private static readonly Dictionary<Type, SignatureTypeCode> Codes = new()
    {
        [typeof(void)] = SignatureTypeCode.Void,
        [typeof(bool)] = SignatureTypeCode.Boolean,
        [typeof(char)] = SignatureTypeCode.Char,
        [typeof(sbyte)] = SignatureTypeCode.SByte,
        [typeof(byte)] = SignatureTypeCode.Byte,
        [typeof(short)] = SignatureTypeCode.Int16,
        [typeof(ushort)] = SignatureTypeCode.UInt16,
        [typeof(int)] = SignatureTypeCode.Int32,
        [typeof(uint)] = SignatureTypeCode.UInt32,
        [typeof(long)] = SignatureTypeCode.Int64,
        [typeof(ulong)] = SignatureTypeCode.UInt64,
        [typeof(float)] = SignatureTypeCode.Single,
        [typeof(double)] = SignatureTypeCode.Double,
        [typeof(nint)] = SignatureTypeCode.IntPtr,
        [typeof(nuint)] = SignatureTypeCode.UIntPtr,
        [typeof(string)] = SignatureTypeCode.String,
        [typeof(object)] = SignatureTypeCode.Object,
        [typeof(TypedReference)] = SignatureTypeCode.TypedReference,
    };

    private readonly Dictionary<Type, EntityHandle> _types = [];
    private readonly Dictionary<string, AssemblyReferenceHandle> _assemblies = [];

    /// <summary>Whether a type stands for any class: code of generics is shared between classes.</summary>
    public static bool IsCanonical(Type type) => type.FullName == "System.__Canon";

    /// <summary>A method, with the type arguments that it has; null where its signature has a function pointer.</summary>
    public EntityHandle? OfMethod(MethodBase method)
    {
        var arguments = method is MethodInfo { IsGenericMethod: true, IsGenericMethodDefinition: false } ? method.GetGenericArguments()
            : [];
        // A reference to a method of a generic type has the signature of the type's definition.
        var open = method.Module.ResolveMethod(method.MetadataToken)!;
        var signature = new BlobBuilder();
        int arity = open.IsGenericMethodDefinition ? open.GetGenericArguments().Length : 0;
        new BlobEncoder(signature).MethodSignature(SignatureCallingConvention.Default, arity, !open.IsStatic);
        var parameters = open.GetParameters();
        if (parameters.Any(parameter => HasFunctionPointer(parameter.ParameterType))
            || open is MethodInfo { ReturnType: var type } && HasFunctionPointer(type))
            return null;
        signature.WriteCompressedInteger(parameters.Length);
        if (open is MethodInfo function)
            Encode(signature, function.ReturnParameter);
        else
            signature.WriteByte((byte)SignatureTypeCode.Void);
        foreach (var parameter in parameters)
            Encode(signature, parameter);
        var reference = metadata.AddMemberReference(
            OfType(method.DeclaringType!), metadata.GetOrAddString(method.Name), metadata.GetOrAddBlob(signature));
        if (arguments.Length == 0)
            return reference;
        var instantiation = new BlobBuilder();
        new BlobEncoder(instantiation).MethodSpecificationSignature(arguments.Length);
        foreach (var argument in arguments)
            Encode(instantiation, argument);
        return metadata.AddMethodSpecification(reference, metadata.GetOrAddBlob(instantiation));
    }

    private EntityHandle OfType(Type type)
    {
        if (_types.TryGetValue(type, out var known))
            return known;
        EntityHandle token;
        if (type.HasElementType || type.IsConstructedGenericType)
        {
            var specification = new BlobBuilder();
            Encode(specification, type);
            token = metadata.AddTypeSpecification(metadata.GetOrAddBlob(specification));
        }
        else
        {
            // Only an outermost type has a namespace.
            var outer = type.DeclaringType;
            token = metadata.AddTypeReference(
                outer is null ? OfAssembly(type) : OfType(outer),
                outer is null && type.Namespace is { } space ? metadata.GetOrAddString(space) : default,
                metadata.GetOrAddString(type.Name));
        }

        return _types[type] = token;
    }

    private AssemblyReferenceHandle OfAssembly(Type type)
    {
        var name = type.Assembly.GetName();
        // The compiler looks for the canonical type in an assembly of this name, which does not exist as a file.
        string simple = IsCanonical(type) ? "System.Private.Canon" : name.Name!;
        if (!_assemblies.TryGetValue(simple, out var token))
            _assemblies[simple] = token = metadata.AddAssemblyReference(metadata.GetOrAddString(simple), name.Version!, default,
                name.GetPublicKeyToken() is { Length: > 0 } key ? metadata.GetOrAddBlob(key) : default, default, default);
        return token;
    }

    private void Encode(BlobBuilder blob, ParameterInfo parameter)
    {
        Modify(SignatureTypeCode.RequiredModifier, parameter.GetRequiredCustomModifiers());
        Modify(SignatureTypeCode.OptionalModifier, parameter.GetOptionalCustomModifiers());
        Encode(blob, parameter.ParameterType);

        void Modify(SignatureTypeCode code, Type[] modifiers)
        {
            foreach (var modifier in modifiers)
            {
                blob.WriteByte((byte)code);
                blob.WriteCompressedInteger(CodedIndex.TypeDefOrRefOrSpec(OfType(modifier)));
            }
        }
    }

    private void Encode(BlobBuilder blob, Type type)
    {
        if (Codes.TryGetValue(type, out var code))
        {
            blob.WriteByte((byte)code);
        }
        else if (type.HasElementType)
        {
            blob.WriteByte((byte)(type.IsByRef ? SignatureTypeCode.ByReference : type.IsPointer ? SignatureTypeCode.Pointer
                : type.IsSZArray ? SignatureTypeCode.SZArray : SignatureTypeCode.Array));
            Encode(blob, type.GetElementType()!);
            if (type is { IsArray: true, IsSZArray: false })
                EncodeRank(blob, type.GetArrayRank());
        }
        else if (type.IsGenericParameter)
        {
            blob.WriteByte((byte)(type.IsGenericMethodParameter ? SignatureTypeCode.GenericMethodParameter
                : SignatureTypeCode.GenericTypeParameter));
            blob.WriteCompressedInteger(type.GenericParameterPosition);
        }
        else
        {
            if (type.IsConstructedGenericType)
                blob.WriteByte((byte)SignatureTypeCode.GenericTypeInstance);
            blob.WriteByte((byte)(type.IsValueType ? SignatureTypeKind.ValueType : SignatureTypeKind.Class));
            var definition = type.IsConstructedGenericType ? type.GetGenericTypeDefinition() : type;
            blob.WriteCompressedInteger(CodedIndex.TypeDefOrRefOrSpec(OfType(definition)));
            if (!type.IsConstructedGenericType)
                return;
            var arguments = type.GetGenericArguments();
            blob.WriteCompressedInteger(arguments.Length);
            foreach (var argument in arguments)
                Encode(blob, argument);
        }
    }

    // As C# compilers write it: no sizes, and a lower bound of 0 for each dimension.
    private static void EncodeRank(BlobBuilder blob, int rank)
    {
        blob.WriteCompressedInteger(rank);
        blob.WriteCompressedInteger(0);
        blob.WriteCompressedInteger(rank);
        for (int dimension = 0; dimension < rank; dimension++)
            blob.WriteCompressedSignedInteger(0);
    }

    private static bool HasFunctionPointer(Type type) =>
        type.IsFunctionPointer || type.HasElementType && HasFunctionPointer(type.GetElementType()!)
        || type.IsConstructedGenericType && type.GetGenericArguments().Any(HasFunctionPointer);
}
