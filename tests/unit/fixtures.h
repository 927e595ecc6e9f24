/* SPDX-License-Identifier: Apache-2.0 */
/* made by tests/unit/make_fixtures.py; do not edit */
/* clang-format off */
#ifndef BEARER_TESTS_FIXTURES_H
#define BEARER_TESTS_FIXTURES_H

#define FIX_RSA_N \
    "vahWQffBao7ovL9PRibY29-i4KzrtvBlIcoVvb2rZ_Vk-LhLArg7h8tsq5NAFA3J" \
    "C1O6QGVW2uDb8C1ola7ytf92I8-cBZRZ9gpPtv8R8NDqn-PtaiOXbPhU8DL6mEAu" \
    "y7sS80o7SdDH8RaBgNwv1bjM8QxUGlyKUXXB11bHi4UWSl7RSHCJPg4W7g4JkEMG" \
    "-ugP5hqUkZfGene28i-FYRw-m_mViCv2XShBRUCYOB-Muv3DHPKDeSoCV6xONLr5" \
    "9aYaUyKCuan1NDiJ6wH8gjveCaMJUMAG5BPU3Qd0tuMB53cHeKhU3dfS6JxVocsz" \
    "nwPCVZD9XoGpKij-PrUmpw"

#define FIX_RSA_OTHER_N \
    "hV8LzgluvAwU6ai6zK3fEXtOX1X7HlvC0l3MyUADviEe_i0g6Fq1aLmsrSXZX337" \
    "Q22xN-zEsC1-NsWOLz3tUtd_huifEvSJNIWfmQmKyuxts4S7uEq8WO8kBUlmLRA3" \
    "KJ8p8fiVRqEslGisnuN00dpvWaREogvCQUbEPPPzWgQ5yobjfpEMKwpN3ijhhb0q" \
    "swDKh_aGdvxjtmcTU0zTv8gVdm_JU-pIiMzZI60XR9v8CCb6EJ024gRrN6moKDL-" \
    "LhFg0nqKJmwOEDooVVZRlnOPzKfXc3PaWuchZ6IMRwVTFwq4jbI6Q-DwehwJ9SvE" \
    "I2FsLx_ghD7aSwtzurmKdQ"

#define FIX_RSA2050_N \
    "A5ndqqQKvcZmScxcWZKDfB4n4PLGaZ1l16NTA89Z0RW-cJb3genAHcIlDSDSMrAH" \
    "dvTMbImNNyV3nTMyYZdvQof89le1ii0-erx2UvWDLCSUuHowm8whNLLRXORPNyja" \
    "cq5smz5Fe0twXcrC_vJE6f-UXT3EktYIZHrGdD53Kgtf0jdSoDHdesU0Cj8Kjwsv" \
    "iBFKyuB4JvFk14eZFNluw6QQJorCxfT9bDCvvlahtnyH46RrvvKbBhc4J6K27Rrk" \
    "Tst-mT9vWf65CNu0nDx-QKhMvRgOQrCs0ROfsMe8xCT0pmgtDebk6SEuu2CtchUM" \
    "nVD5vnhLe9jTecyJLVioaFM"

#define FIX_RSA1024_N \
    "unNLfuu4fwMQZLvONY0m8ByFbg6sqFhzpZ3sqaDyFjamZ5G-lwXa8hA8eTLi27NC" \
    "CvI5ZS_u9CcK8YfkqnvoaoiA2ekzjXtvX5sEoFJ0JGOizJx1zdlE5zTU_i1YjRR5" \
    "ODlA8dYCVOx99lCK2zkujGDWvu27gAl21dsPyLhOlZE"

#define FIX_P256_X \
    "17AFoNJPwhB6Yirq2UivnTjoC63lt2oMv-bofznGluU"

#define FIX_P256_Y \
    "7ITCIVXymi_YKE27vdvPaPrcCgkLF8m52ZS6i5A-PBM"

#define FIX_P256_OTHER_X \
    "DuX29DSQyN77viY-AV9ig9LFcSVk3TOXxv5tMxjAxzg"

#define FIX_P256_OTHER_Y \
    "RQDDI7GJC2RV7sqxSGUFk-adgKMPyKSan_RjqEf95Uc"

#define FIX_P384_X \
    "QxtKlyx7Z-C6xyalb_DE7JmPTrBDFeztE1EJTBSiif32L2ruJliQzB-uJUg8VQXP"

#define FIX_P384_Y \
    "YfDMuAv9_d1ySRVTKNFED6NWoxI_N99OPtk0S2hpjGRzxaRm8K48AgB7Ig7QbCrN"

#define FIX_P521_X \
    "APGbjgx7f7MyNfc1tlBuQXyPqdQfEEcfNdeuRkTabxWC7uHWMab1hpdlSCZrGvIA" \
    "6AvbKYaf9nhCvXxcWOd3_bBI"

#define FIX_P521_Y \
    "ANSehicczRoS_YKnYSlQsdpGldd0AAl-Bq3-wA31djtT2aHPUo6rSc63Bbj_bLtF" \
    "SxDc3Q6SDTFhCB0bz3i2ETwU"

#define FIX_SECP256K1_X \
    "sHzn2vE1qbQI7bc6twES4kzPdnnQaklLs62wQ4w8A3Y"

#define FIX_SECP256K1_Y \
    "641xH0B4zqaG-OV7fz55qVV94mH_7L3_VR-EKQWNZVQ"

#define FIX_ED25519_X \
    "XrmniVanmkcFdUx4uvaZfLEGB6u5qXLpV_78VZ8Gxho"

#define FIX_ED448_X \
    "65TNTFj6RQedLnZ2gKaqV5aECpZ9lk6Hfx7HKjEZj517FvkQyFUYWV3L2SWEJhqt" \
    "iVHshU4W-0eA"

#define FIX_OCT_K \
    "Uj70ORZfUwtb9-UCzhuZacVQdeFn-Y4SCPyxzVoJnw7LioHk87qJnzxXzMysobSM" \
    "GYYjTuPTOiIOxTZNcUhOng"

#define FIX_RSA_PEM \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvahWQffBao7ovL9PRibY" \
    "\n" \
    "29+i4KzrtvBlIcoVvb2rZ/Vk+LhLArg7h8tsq5NAFA3JC1O6QGVW2uDb8C1ola7y" \
    "\n" \
    "tf92I8+cBZRZ9gpPtv8R8NDqn+PtaiOXbPhU8DL6mEAuy7sS80o7SdDH8RaBgNwv" \
    "\n" \
    "1bjM8QxUGlyKUXXB11bHi4UWSl7RSHCJPg4W7g4JkEMG+ugP5hqUkZfGene28i+F" \
    "\n" \
    "YRw+m/mViCv2XShBRUCYOB+Muv3DHPKDeSoCV6xONLr59aYaUyKCuan1NDiJ6wH8" \
    "\n" \
    "gjveCaMJUMAG5BPU3Qd0tuMB53cHeKhU3dfS6JxVocsznwPCVZD9XoGpKij+PrUm" \
    "\n" \
    "pwIDAQAB\n" \
    "-----END PUBLIC KEY-----\n"

#define FIX_RSA1024_PEM \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC6c0t+67h/AxBku841jSbwHIVu" \
    "\n" \
    "DqyoWHOlneypoPIWNqZnkb6XBdryEDx5MuLbs0IK8jllL+70Jwrxh+Sqe+hqiIDZ" \
    "\n" \
    "6TONe29fmwSgUnQkY6LMnHXN2UTnNNT+LViNFHk4OUDx1gJU7H32UIrbOS6MYNa+" \
    "\n" \
    "7buACXbV2w/IuE6VkQIDAQAB\n" \
    "-----END PUBLIC KEY-----\n"

#define FIX_P256_PEM \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE17AFoNJPwhB6Yirq2UivnTjoC63l" \
    "\n" \
    "t2oMv+bofznGluXshMIhVfKaL9goTbu9289o+twKCQsXybnZlLqLkD48Ew==\n" \
    "-----END PUBLIC KEY-----\n"

#define FIX_P384_PEM \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEQxtKlyx7Z+C6xyalb/DE7JmPTrBDFezt" \
    "\n" \
    "E1EJTBSiif32L2ruJliQzB+uJUg8VQXPYfDMuAv9/d1ySRVTKNFED6NWoxI/N99O" \
    "\n" \
    "Ptk0S2hpjGRzxaRm8K48AgB7Ig7QbCrN\n" \
    "-----END PUBLIC KEY-----\n"

#define FIX_P521_PEM \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQA8ZuODHt/szI19zW2UG5BfI+p1B8Q" \
    "\n" \
    "Rx81165GRNpvFYLu4dYxpvWGl2VIJmsa8gDoC9sphp/2eEK9fFxY53f9sEgA1J6G" \
    "\n" \
    "JxzNGhL9gqdhKVCx2kaV13QACX4Grf7ADfV2O1PZoc9SjqtJzrcFuP9su0VLENzd" \
    "\n" \
    "DpINMWEIHRvPeLYRPBQ=\n" \
    "-----END PUBLIC KEY-----\n"

#define FIX_SECP256K1_PEM \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEsHzn2vE1qbQI7bc6twES4kzPdnnQaklL" \
    "\n" \
    "s62wQ4w8A3brjXEfQHjOpob45Xt/PnmpVX3iYf/svf9VH4QpBY1lVA==\n" \
    "-----END PUBLIC KEY-----\n"

#define FIX_ED25519_PEM \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MCowBQYDK2VwAyEAXrmniVanmkcFdUx4uvaZfLEGB6u5qXLpV/78VZ8Gxho=\n" \
    "-----END PUBLIC KEY-----\n"

#define FIX_ED448_PEM \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MEMwBQYDK2VxAzoA65TNTFj6RQedLnZ2gKaqV5aECpZ9lk6Hfx7HKjEZj517FvkQ" \
    "\n" \
    "yFUYWV3L2SWEJhqtiVHshU4W+0eA\n" \
    "-----END PUBLIC KEY-----\n"

#define FIX_RSA_PKCS1_PEM \
    "-----BEGIN RSA PUBLIC KEY-----\n" \
    "MIIBCgKCAQEAvahWQffBao7ovL9PRibY29+i4KzrtvBlIcoVvb2rZ/Vk+LhLArg7" \
    "\n" \
    "h8tsq5NAFA3JC1O6QGVW2uDb8C1ola7ytf92I8+cBZRZ9gpPtv8R8NDqn+PtaiOX" \
    "\n" \
    "bPhU8DL6mEAuy7sS80o7SdDH8RaBgNwv1bjM8QxUGlyKUXXB11bHi4UWSl7RSHCJ" \
    "\n" \
    "Pg4W7g4JkEMG+ugP5hqUkZfGene28i+FYRw+m/mViCv2XShBRUCYOB+Muv3DHPKD" \
    "\n" \
    "eSoCV6xONLr59aYaUyKCuan1NDiJ6wH8gjveCaMJUMAG5BPU3Qd0tuMB53cHeKhU" \
    "\n" \
    "3dfS6JxVocsznwPCVZD9XoGpKij+PrUmpwIDAQAB\n" \
    "-----END RSA PUBLIC KEY-----\n"

#define FIX_P256_PRIVATE_PEM \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgo670DrEsmjcxsCmu" \
    "\n" \
    "+E3j2qTR+Biw44p05TzUDKJjar6hRANCAATXsAWg0k/CEHpiKurZSK+dOOgLreW3" \
    "\n" \
    "agy/5uh/OcaW5eyEwiFV8pov2ChNu73bz2j63AoJCxfJudmUuouQPjwT\n" \
    "-----END PRIVATE KEY-----\n"

#define FIX_TRAILING_PEM \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE17AFoNJPwhB6Yirq2UivnTjoC63l" \
    "t2oMv+bofznG\n" \
    "luXshMIhVfKaL9goTbu9289o+twKCQsXybnZlLqLkD48EwA=\n" \
    "-----END PUBLIC KEY-----\n"

#define FIX_X25519_PEM \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MCowBQYDK2VuAyEAvo1Zoqq+HNUowffLw96999QwbwP4cgWtYiWpVWZkQxM=\n" \
    "-----END PUBLIC KEY-----\n"

#define FIX_DSA_PEM \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIIBtjCCASsGByqGSM44BAEwggEeAoGBAKimGBXYvw4vZSC+fOT9vhOuRoetUdOq" \
    "\n" \
    "AmauBb4Wbxsqdb5USF/EceOloFyKWo6ev0Fc2/Ho1Vq1rghujNysUVYay43CIh6C" \
    "\n" \
    "pCUXRTYLqlRR6klO3zn3BAQVBPnyIHE1EElSxuVAs+nmAtc33g9kNqI5HEbVG2lW" \
    "\n" \
    "VBtllTOoTeBjAhUA+NM9q2lbmIMc33YZg81UQOOUboECgYBd2niBLYAwLqfmElyM" \
    "\n" \
    "SHb87L2oiIfdaCH6c+GozS5nqP0XaiZl+QQBvVJpRSAmaCcEVpcvH/F+RXmp1bux" \
    "\n" \
    "outMNDCUxm5y10Q/8szn48gwSMQlbOmgx/bG4h0pICgonity3rfSHKTZzY+QbEFN" \
    "\n" \
    "4sNzNmkEFKLzbmBXf5ki+PtdtAOBhAACgYBPwPj11QRw8trsHA7hTiWor9z9qj+S" \
    "\n" \
    "o/a4IMZNXqkl+rLUG8CFcGTVM4YGizyCISD+Jw5NZHTfoBqD0vOasdiifdWZGSdK" \
    "\n" \
    "o/zvPjWfEPzdejDbY8S3WEW06AL3r746Y9+S+ckCdw7hNXxqLz5e9EwHhx0pRiNP" \
    "\n" \
    "fjVE9LUcBFwreg==\n" \
    "-----END PUBLIC KEY-----\n"

#define FIX_RSA_CERTIFICATE_PEM \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIICoTCCAYmgAwIBAgIBATANBgkqhkiG9w0BAQsFADAUMRIwEAYDVQQDDAl1bml0" \
    "\n" \
    "IHRlc3QwHhcNMDEwMTAxMDAwMDAwWhcNMDEwMTAyMDAwMDAwWjAUMRIwEAYDVQQD" \
    "\n" \
    "DAl1bml0IHRlc3QwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQC9qFZB" \
    "\n" \
    "98Fqjui8v09GJtjb36LgrOu28GUhyhW9vatn9WT4uEsCuDuHy2yrk0AUDckLU7pA" \
    "\n" \
    "ZVba4NvwLWiVrvK1/3Yjz5wFlFn2Ck+2/xHw0Oqf4+1qI5ds+FTwMvqYQC7LuxLz" \
    "\n" \
    "SjtJ0MfxFoGA3C/VuMzxDFQaXIpRdcHXVseLhRZKXtFIcIk+DhbuDgmQQwb66A/m" \
    "\n" \
    "GpSRl8Z6d7byL4VhHD6b+ZWIK/ZdKEFFQJg4H4y6/cMc8oN5KgJXrE40uvn1phpT" \
    "\n" \
    "IoK5qfU0OInrAfyCO94JowlQwAbkE9TdB3S24wHndwd4qFTd19LonFWhyzOfA8JV" \
    "\n" \
    "kP1egakqKP4+tSanAgMBAAEwDQYJKoZIhvcNAQELBQADggEBAC2PXIoJ7d0WBnLO" \
    "\n" \
    "/v5SrXolEbRKTOXWQ2xZPlgWADeJF5Mme9wpVGxdDXum8GUq+EKAHBpnQkjVu01i" \
    "\n" \
    "d4GQ3oJN4ZDpI9qC3pSIMo4gpcJLDDu3s8BeKO2hi6VOzltbkXkHFoArN/U4fQ8y" \
    "\n" \
    "SM+Nro9vNqGI9paKM9dpSc81kpcAUBLcUOVaDHdH+ea+VVrWa1g39KKhycjySe+9" \
    "\n" \
    "MNYj7iLxSeswIDoxqmFyNQ5mJeMtuvWKrsflH2S0XE6bphs+l4Cklv6FSyrZhHa3" \
    "\n" \
    "BobDdfxwKhZ3TsZpn5PpFV8PK2za6BkhLd9/ZJ9x/g4Osagc3EC/psU53dH4m4tc" \
    "\n" \
    "YAxD20I=\n" \
    "-----END CERTIFICATE-----\n"

#define FIX_RS256_RSA_TOKEN \
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsifQ.eyJpc3MiOiJod" \
    "HRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJodHRwc" \
    "zovL2FwaS5leGFtcGxlIiwiZXhwIjoxODAwMDAwNjAwfQ.jAMY3_IHIrR-bJcKG0" \
    "Rc5Xfb91DRA6RPX-HU_X2yZsc2rCZGCJjJABkIox78FcX__WSQ4nrTJYQqLxjQHv" \
    "-99ypzMhrznomzhcaL_GDhE7jAl101FRJWTOEZst6SBdGmUR-gCOSH9v-7EfBD35" \
    "vPuZltKDRhCd7aBUFhhgr9jx51_9X3i9EYrXdXoHncatJqKQkTDBJBLIOLiqnvLj" \
    "6K7uQBnxKM8tlbXRCnrmsiDkWVcfVGne8yZDC3o1PnKmJ9KXT97M2uv_jjZoTbQ4" \
    "h5LCmXFeSLFnVNxWr1Spvsx12wObjA1P5BvB7perYxcuha9IUL_q4NW5I4rGrDU7" \
    "ofHw"

#define FIX_RS384_RSA_TOKEN \
    "eyJhbGciOiJSUzM4NCIsInR5cCI6IkpXVCIsImtpZCI6ImsifQ.eyJpc3MiOiJod" \
    "HRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJodHRwc" \
    "zovL2FwaS5leGFtcGxlIiwiZXhwIjoxODAwMDAwNjAwfQ.LFawNx8YeqM0LVkuP0" \
    "aor-oCL4fADXFH4fA4uSgBgMpNCpTrDt5C8b1O-CUnX6yrW2qnuCjQVLjgsqFXnq" \
    "4vRpnwC_M997fTmpJN_JvpzVT9-MsKIXC8IAqBi25TP-Yv83KCfj6rwsyRE8WTVM" \
    "6oMkSq6HhY0SOlHU_Ewm_GXqgh9iFxeuh5IvAJlM5flmfDTnyDAEr6vwKSntN6SM" \
    "dj6jMVvbc8HAEKLO7dOvNSwezQahCOypep3Gjtbc2otsmekeRjLDWHJ3IfU8UMLb" \
    "pqPfifW63OeI5gcKIZVgqm6EOWEYYqbBF6fad2NcAlRXSPQ7xpH8w6eW33B3mLvK" \
    "qHFQ"

#define FIX_RS512_RSA_TOKEN \
    "eyJhbGciOiJSUzUxMiIsInR5cCI6IkpXVCIsImtpZCI6ImsifQ.eyJpc3MiOiJod" \
    "HRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJodHRwc" \
    "zovL2FwaS5leGFtcGxlIiwiZXhwIjoxODAwMDAwNjAwfQ.fHhe177bSmmFJplC-5" \
    "iolxy2XjNx1gYFdBoGS3pdKf-dwLsf97vGFvsXPgmGUBN3UWkUSks_ijSYF9BQ_1" \
    "9yuNiQNXNrFASDKoNgEpPMdjt5eXCz8V9ICV8UiGEpnQgsg8cpAqJlzbfbgQPD6Y" \
    "A1SfSsZwGW2wCehmAeRkknaYhiLXQMVaVczlDdZbsqPIPx8aZWiP2z0Sw54xwrP7" \
    "9jA3koBxpgxSqMTv4ZpatLXgUKUrqdG9YvWeX9_u_haoX59c1t7bxGNPGRX8nDpr" \
    "1fLCSDR1AryNVmKAGUTz0pVRGcp575yZrSUCnbrLsBwlHndnkxZgMF7JXvp9Qs-Z" \
    "Zgvg"

#define FIX_PS256_RSA_TOKEN \
    "eyJhbGciOiJQUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsifQ.eyJpc3MiOiJod" \
    "HRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJodHRwc" \
    "zovL2FwaS5leGFtcGxlIiwiZXhwIjoxODAwMDAwNjAwfQ.KNc8_dhZ-MO94tT4hM" \
    "ENMNwiggcz6G7h3k9R6f3s271sEKDCJOJRg6u6GLwssofmnd1BVsYDGMGmM_j6tr" \
    "KCevD4LJTNj54rTCdwl8CKVOY5Gvn3CnPitVWMq8AO4Rtdpy_BC3qAXDRGGWpLWH" \
    "vN1ZNPZPaK4iPG56LJXoq3gW7N_uOlvtcaCkdymeuvxfbLETpFiZUq1I5MlbCf0O" \
    "wp8VCc2wlREt53DAYEDMkPuGCz0oLwnUHiRYavHbJhcW2P4y15W26Ftn-DCczodA" \
    "ubgsDiWxyRG3A-h7Um5hz5p60aASm9ynP8Cb1-IVZbEe62K_TOl7_RFzUajDOcVD" \
    "ACpA"

#define FIX_PS384_RSA_TOKEN \
    "eyJhbGciOiJQUzM4NCIsInR5cCI6IkpXVCIsImtpZCI6ImsifQ.eyJpc3MiOiJod" \
    "HRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJodHRwc" \
    "zovL2FwaS5leGFtcGxlIiwiZXhwIjoxODAwMDAwNjAwfQ.HgWCm0yjlMaSFcsdkm" \
    "DVcjmXm8HV8zg-mVJYGkz8v5YBrA8Zy3M2Y5KIqa1jKahhHow5FjvSPEPFduwNXW" \
    "Z7VGN7Ildhe9LpuJHmCJfIYC6iIGFrlkBozmgtYBREoiTrlUYj6XiX2D_jnNGFXB" \
    "LNrFuR2ZXz6y2psI7kuO59InMlxmGM2H8nsUf36j6wKlnQSVoeYpdiXkO8BfRL5F" \
    "go6iwQkNA062VL8mkepk6jt3nLm6RVcPdU8_ii_Gel7lxBFXY-0sxsfk65FR2gDt" \
    "UCTRC8L5y-6-USfRi2ZSTUIz5XdbpTayxtc1Dae_GNMDJiB-V0tiuSL7-p5HDtAI" \
    "ZdAQ"

#define FIX_PS512_RSA_TOKEN \
    "eyJhbGciOiJQUzUxMiIsInR5cCI6IkpXVCIsImtpZCI6ImsifQ.eyJpc3MiOiJod" \
    "HRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJodHRwc" \
    "zovL2FwaS5leGFtcGxlIiwiZXhwIjoxODAwMDAwNjAwfQ.C-biH1cfmHdxGWGABO" \
    "k8WokudvDyGj9xix8-b1RQwyEm5muhbvjDBf01-7QN9XxyWONsTiMstoFsbHwpYb" \
    "dMX9FZRjWoNKzqaUVPepJloRKsxKlDcj66VKYo0mQVYwrZJoIKc7quTUTaeb62Ia" \
    "j1w3tUcXscPdikp6lcx-S-R2GPF6JdaVspFGtTXjuf_PRaTv6uzIXRFx-7CGK1kT" \
    "7y6MUXdvUsUFOwIMFYBZ9AMuHVQZf_M8byU0SpCovF0gx_6RP6DpKQ91j7RLiQGF" \
    "QEcSKSVzZb4d1GdRPvEMZPV0y0k3bT-WADbshlxS3EMZwxY4QABko2NxWGjIFxA_" \
    "n3Ig"

#define FIX_RS256_RSA2050_TOKEN \
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsifQ.eyJpc3MiOiJod" \
    "HRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJodHRwc" \
    "zovL2FwaS5leGFtcGxlIiwiZXhwIjoxODAwMDAwNjAwfQ.A33Wuh-M9tDcWXUmsI" \
    "RMTcXmqGBV5L6v65aqkO5ti82am6mFZ8YkKe2tMyS3jCxiiaKhw0NMuttMM9T_Lp" \
    "3cbJ93f7tG9lTwyj58n79GvhX3AP52Yye7oMD2H21E5hZq8FGED-RFMkmmOWcRc1" \
    "qyKkHnpm20TXHXryOWkbz084iPRuatGHFuRDzduFc3zCV4jWVaT5GrJI4Z8dCd1u" \
    "vsyYdYZsA-7dft14ndY71-p26RSR_XzOwuc1Q4eQ4jkE1aKcjEmigiWknjayF3Im" \
    "InipmI8xHt3IYXWfV92lBlB_BkJ8-yOa9Ft_iGxS6e_WgHBp5FhVPdH6SdqiZo2R" \
    "UGZ0o"

#define FIX_RS256_RSA1024_TOKEN \
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsifQ.eyJpc3MiOiJod" \
    "HRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJodHRwc" \
    "zovL2FwaS5leGFtcGxlIiwiZXhwIjoxODAwMDAwNjAwfQ.aB7prIk0Nl8TbHrkeN" \
    "198rHAav7YhLltGJfVSbW68-MPjT9KbSEgNWAf5e667_DAzIQhi73RzLvu9r17S_" \
    "6EuELfNPPgn3watexp0P-gIgOlIKfxIszWx4WIYgAKTgzbLU7ksqUdMVXG36PaR2" \
    "q0Q2IrIyPvlhy3rpxB0eQFBvw"

#define FIX_ES256_P256_TOKEN \
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsifQ.eyJpc3MiOiJod" \
    "HRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJodHRwc" \
    "zovL2FwaS5leGFtcGxlIiwiZXhwIjoxODAwMDAwNjAwfQ.O445V9koYbB6S0_Ow-" \
    "z7smrVQNX0wYKH6jtSJs27KnHxALt6SzIe0wOsSDBDxEkZhv-i2GTAVjjV9Jjn-J" \
    "DgyQ"

#define FIX_ES384_P384_TOKEN \
    "eyJhbGciOiJFUzM4NCIsInR5cCI6IkpXVCIsImtpZCI6ImsifQ.eyJpc3MiOiJod" \
    "HRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJodHRwc" \
    "zovL2FwaS5leGFtcGxlIiwiZXhwIjoxODAwMDAwNjAwfQ.LRfX0OuGHolmaFZVxk" \
    "DRdbwglfl8zN0W_CamB2ieM4YWlJjACu3hL16zZFsSh4h8HiXuRxy9DsY6AF85L6" \
    "ptGRp-10oMh6RSQVLteeVHKiUsfilX5bsF0-0Vl_3vM0zY"

#define FIX_ES512_P521_TOKEN \
    "eyJhbGciOiJFUzUxMiIsInR5cCI6IkpXVCIsImtpZCI6ImsifQ.eyJpc3MiOiJod" \
    "HRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJodHRwc" \
    "zovL2FwaS5leGFtcGxlIiwiZXhwIjoxODAwMDAwNjAwfQ.AFDqRWG3nclwDrfw8u" \
    "Al3p5PBJF8zbVs89SPoksWKY4IqIIjxmsbfsSjl0WOZdobLjK0_85qNgCGFjH9ae" \
    "J9Wr_bAKBZS1Mrb3FCYyJXtf1V_7mjQC3mJT9Jh5zdOniXS3p0uf-NtjsAuqmeZU" \
    "y3ZqfNrvBgfoWO7JrP3eY8ckIvlDjG"

#define FIX_EDDSA_ED25519_TOKEN \
    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6ImsifQ.eyJpc3MiOiJod" \
    "HRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJodHRwc" \
    "zovL2FwaS5leGFtcGxlIiwiZXhwIjoxODAwMDAwNjAwfQ.6D5qpmBbgcvfUBbSms" \
    "ng6FeRgrd9n9fXbp26VOSzivH6xhzddDyrK7t2R5YTOIf-g2UKL4dckWr2C2MPxA" \
    "edCQ"

#define FIX_EDDSA_ED448_TOKEN \
    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6ImsifQ.eyJpc3MiOiJod" \
    "HRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJodHRwc" \
    "zovL2FwaS5leGFtcGxlIiwiZXhwIjoxODAwMDAwNjAwfQ.jFnOCEHdfsrDCsSuUu" \
    "S1X4UN4YsCIxGENcc5EJDqGbqO_nDkTt6sbDXheM7NSzOzT7J1gUAznMCAPOP1kE" \
    "MmT735rRtBUBsBvNVrswTeuHNh_U76MZPbnNq-gDPwj8qK6x44nC-XYsKnip1usv" \
    "kCPTAA"

#define FIX_HS256_OCT_TOKEN \
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsifQ.eyJpc3MiOiJod" \
    "HRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJodHRwc" \
    "zovL2FwaS5leGFtcGxlIiwiZXhwIjoxODAwMDAwNjAwfQ.dfQa1sp_89pD09i94H" \
    "mdemOxSDoOiOdC66h6xpwYipw"

#define FIX_HS384_OCT_TOKEN \
    "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCIsImtpZCI6ImsifQ.eyJpc3MiOiJod" \
    "HRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJodHRwc" \
    "zovL2FwaS5leGFtcGxlIiwiZXhwIjoxODAwMDAwNjAwfQ.cdhfc7unTuApRBHbTd" \
    "PW1DPBDNVWDo1Pe9qJlTfU7YBwwblGyC9oDWrz4dk0xHL2"

#define FIX_HS512_OCT_TOKEN \
    "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCIsImtpZCI6ImsifQ.eyJpc3MiOiJod" \
    "HRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJodHRwc" \
    "zovL2FwaS5leGFtcGxlIiwiZXhwIjoxODAwMDAwNjAwfQ.kvSzCd0jj1PinqXhzx" \
    "opzkolDsqqi5Mn67hsezEXjvApt2Og5_T0OFeSJd3UIEwYdgTwNmCt2GLg6w-PeR" \
    "YUzg"

#define FIX_FORGED_TOKEN \
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsiLCJqd2siOnsia3R5" \
    "IjoiRUMiLCJjcnYiOiJQLTI1NiIsIngiOiJEdVgyOURTUXlONzd2aVktQVY5aWc5" \
    "TEZjU1ZrM1RPWHh2NXRNeGpBeHpnIiwieSI6IlJRRERJN0dKQzJSVjdzcXhTR1VG" \
    "ay1hZGdLTVB5S1Nhbl9SanFFZjk1VWMifSwiamt1IjoiaHR0cHM6Ly9ldmlsLmV4" \
    "YW1wbGUvIiwieDVjIjpbIkFBQUEiXX0.eyJpc3MiOiJodHRwczovL2lzc3Vlci5l" \
    "eGFtcGxlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJodHRwczovL2FwaS5leGFtcGxl" \
    "IiwiZXhwIjoxODAwMDAwNjAwfQ.jMGLZK46lIAcsX7fwM8rw3JkSsgaH85_DMM62" \
    "Kvvk9EPh4yit2Bg2FDPa_Ky0P2bcgFCLszlG-yVy_HsZv0ViA"

#endif
